FROM \
  --platform=linux/amd64 \
  # which one
  mlbox/debian:bookworm-python3.11 \
  AS \
  base
FROM \
base
