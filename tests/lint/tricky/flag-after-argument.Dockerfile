FROM mlbox/debian:bookworm-python3.11
RUN echo --mount=type=cache,target=/x
