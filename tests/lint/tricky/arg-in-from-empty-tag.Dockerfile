ARG TAG
FROM mlbox/debian:${TAG}
RUN true
