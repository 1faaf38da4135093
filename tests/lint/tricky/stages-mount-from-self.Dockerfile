FROM mlbox/debian:bookworm-python3.11 AS one
RUN --mount=from=one,target=/x true
