FROM mlbox/debian:bookworm-python3.11 AS one
COPY --from=two /etc/debian_version /a
FROM mlbox/debian:bookworm-python3.11 AS two
RUN true
FROM one
