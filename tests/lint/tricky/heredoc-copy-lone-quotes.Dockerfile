FROM scratch
ENV X=1
COPY <<EOF /run.sh
it's "$X
EOF
