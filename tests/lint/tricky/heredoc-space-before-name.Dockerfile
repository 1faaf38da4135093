FROM mlbox/debian:bookworm-python3.11
RUN cat << EOF > /spaced
text
EOF
RUN true
