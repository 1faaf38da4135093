FROM mlbox/debian:bookworm-python3.11
RUN --security=sandbox true
