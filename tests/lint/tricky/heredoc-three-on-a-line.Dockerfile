FROM mlbox/debian:bookworm-python3.11
RUN cat <<A <<B <<C
A
B
C
