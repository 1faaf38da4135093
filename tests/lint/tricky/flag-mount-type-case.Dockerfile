FROM mlbox/debian:bookworm-python3.11
RUN --mount=type=CACHE,target=/x true
