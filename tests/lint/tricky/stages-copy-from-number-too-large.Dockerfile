FROM mlbox/debian:bookworm-python3.11
COPY --from=7 /etc/debian_version /a
