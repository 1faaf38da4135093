FROM mlbox/debian:bookworm-python3.11
RUN --mount=type=cache,"target=/x" true
COPY --chown="1:1" a.txt /x
