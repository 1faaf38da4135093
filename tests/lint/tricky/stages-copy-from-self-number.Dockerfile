FROM mlbox/debian:bookworm-python3.11
COPY --from=0 /etc/debian_version /a
