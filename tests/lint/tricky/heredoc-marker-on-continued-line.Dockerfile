FROM mlbox/debian:bookworm-python3.11
RUN true && \
  # a comment
  cat <<EOF \
  > /x
text
EOF
RUN true
