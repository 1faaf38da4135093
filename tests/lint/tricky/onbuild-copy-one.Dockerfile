FROM mlbox/debian:bookworm-python3.11
ONBUILD COPY a
