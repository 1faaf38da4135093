FROM mlbox/debian:bookworm-python3.11
RUN --mount=type=cache,target=/root/.cache --network=none <<EOF
true
EOF
COPY --chmod=755 --chown=1000:1000 <<run.sh <<stop.sh /usr/local/bin/
#!/bin/sh
echo run
run.sh
#!/bin/sh
echo stop
stop.sh
