FROM scratch AS a
ENV A=1
FROM scratch AS a
ENV A=2
FROM a
ENV B=1
