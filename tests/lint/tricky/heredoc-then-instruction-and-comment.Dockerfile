FROM mlbox/debian:bookworm-python3.11
RUN <<EOF
true
EOF
# a comment right after
RUN true
COPY <<EOF /x
text
EOF
ENV A=1
