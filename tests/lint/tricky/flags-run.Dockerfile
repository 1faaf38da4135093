FROM mlbox/debian:bookworm-python3.11
RUN --mount=type=cache,target=/x --network=none true
RUN --network=default --mount=type=tmpfs,target=/t --mount=type=bind,target=/ctx ls /ctx
