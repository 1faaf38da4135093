FROM mlbox/debian:bookworm-python3.11
RUN cat <<E && \
  # a comment
  echo after
body
E
