FROM mlbox/debian:bookworm-python3.11
RUN cat <<EOF; true
text
EOF
RUN true
