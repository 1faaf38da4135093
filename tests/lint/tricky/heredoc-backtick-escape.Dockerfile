# escape=`
FROM mlbox/debian:bookworm-python3.11
RUN cat <<'EOF' > /x
a \
b `
c
EOF
RUN echo a `
  b
