FROM mlbox/debian:bookworm-python3.11
RUN <<EOF
true
EOF
EOF
