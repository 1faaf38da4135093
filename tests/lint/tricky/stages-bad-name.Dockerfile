FROM scratch AS a/b
ENV A=1
