FROM mlbox/debian:bookworm-python3.11
RUN --mount=type=nothing,target=/x true
