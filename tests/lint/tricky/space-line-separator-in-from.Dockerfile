FROM scratch AS a
