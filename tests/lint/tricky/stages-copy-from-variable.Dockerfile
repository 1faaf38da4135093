ARG WHERE=one
FROM mlbox/debian:bookworm-python3.11 AS one
FROM scratch
COPY --from=$WHERE /etc/debian_version /a
