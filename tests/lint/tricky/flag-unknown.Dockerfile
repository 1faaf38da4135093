FROM mlbox/debian:bookworm-python3.11
RUN --foo=1 true
