FROM mlbox/debian:bookworm-python3.11
RUN -- echo hi
RUN --network=none -- true
