ARG A=book
ARG B=${A}worm-python3.11
FROM mlbox/debian:$B
RUN true
