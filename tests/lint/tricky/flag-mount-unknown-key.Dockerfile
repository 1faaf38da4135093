FROM mlbox/debian:bookworm-python3.11
RUN --mount=type=cache,target=/x,foo=1 true
