FROM scratch AS unused
WORKDIR
FROM scratch
ENV B=1
