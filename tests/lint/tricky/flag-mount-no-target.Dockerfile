FROM mlbox/debian:bookworm-python3.11
RUN --mount=type=cache true
