FROM mlbox/debian:bookworm-python3.11
RUN <<EOF
echo one
  echo two

# not a Dockerfile comment
echo three
EOF
ENV AFTER=1
