FROM mlbox/debian:bookworm-python3.11
RUN cat</dev/null<<EOF
RUN true
