FROM mlbox/debian:bookworm-python3.11
COPY <<EOF /empty
EOF
RUN cat <<EOF
EOF
RUN true
