FROM mlbox/debian:bookworm-python3.11
RUN true # <<EOF
RUN true
