FROM mlbox/debian:bookworm-python3.11
RUN cat <<EOF>/glued
text
EOF>/glued
RUN true
