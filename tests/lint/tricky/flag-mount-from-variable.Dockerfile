FROM mlbox/debian:bookworm-python3.11 AS one
ARG F=one
RUN --mount=from=$F,target=/t true
