FROM scratch
COPY <<EOF /run.sh
x=${HOME^^}
EOF
