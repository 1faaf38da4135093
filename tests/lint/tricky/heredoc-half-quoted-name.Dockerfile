FROM mlbox/debian:bookworm-python3.11
RUN cat <<E"O"F
$x
EOF
