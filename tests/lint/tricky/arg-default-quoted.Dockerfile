ARG TAG="bookworm-python3.11"
FROM "mlbox/debian:${TAG}"
RUN true
