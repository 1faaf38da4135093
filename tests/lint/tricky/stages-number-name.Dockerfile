FROM scratch AS 0
ENV A=1
