FROM mlbox/debian:bookworm-python3.11
RUN cat <<EOF > /x \
  && true
text \
more
EOF
RUN true
