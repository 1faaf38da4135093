FROM mlbox/debian:bookworm-python3.11
RUN --network=none
