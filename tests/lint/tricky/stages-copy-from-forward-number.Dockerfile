FROM mlbox/debian:bookworm-python3.11 AS one
COPY --from=1 /etc/debian_version /a
FROM mlbox/debian:bookworm-python3.11 AS two
COPY --from=one /a /a
