FROM scratch
ENV A=1
FROM scratch AS unused
COPY "--chown=1:1" a.txt /y/
FROM scratch
ENV A=1
