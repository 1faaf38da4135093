FROM mlbox/debian:bookworm-python3.11
ONBUILD RUN <<EOF
echo child
EOF
ONBUILD COPY <<EOF /x
text
EOF
ENV AFTER=1
