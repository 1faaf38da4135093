FROM mlbox/debian:bookworm-python3.11
RUN --mount=type=cache,target=/c \
    --mount=type=tmpfs,target=/t \
    true
COPY \
  --chown=1:1 \
  a.txt \
  /a/
