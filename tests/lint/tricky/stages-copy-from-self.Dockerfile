FROM mlbox/debian:bookworm-python3.11 AS one
COPY --from=one /etc/debian_version /a
