FROM scratch AS a-
