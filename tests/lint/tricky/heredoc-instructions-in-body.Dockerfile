FROM mlbox/debian:bookworm-python3.11
RUN cat > /tmp/Dockerfile <<EOF
FROM nowhere:latest
RUN apt-get install nvidia-driver-535
COPY --from=9 x y
EOF
CMD ["cat", "/tmp/Dockerfile"]
