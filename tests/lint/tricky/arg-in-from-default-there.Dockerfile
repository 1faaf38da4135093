FROM mlbox/debian:${TAG:-bookworm-python3.11}
RUN true
