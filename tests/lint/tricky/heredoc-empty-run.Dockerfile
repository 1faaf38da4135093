FROM mlbox/debian:bookworm-python3.11
RUN <<EOF
EOF
RUN true
