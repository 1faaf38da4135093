FROM mlbox/debian:bookworm-python3.11
RUN <<EOF
echo hi
EOF
RUN true
