FROM scratch AS 1x
ENV A=1
