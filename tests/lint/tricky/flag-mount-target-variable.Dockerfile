FROM mlbox/debian:bookworm-python3.11
ARG T=/t
RUN --mount=type=cache,target=$T true
