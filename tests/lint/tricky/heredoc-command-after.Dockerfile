FROM mlbox/debian:bookworm-python3.11
RUN <<EOF cat > /file
text
EOF
RUN <<EOF >/other cat
more
EOF
