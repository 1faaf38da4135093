FROM mlbox/debian:bookworm-python3.11 AS one
FROM mlbox/debian:bookworm-python3.11 AS two
COPY --from=0 /etc/debian_version /a
COPY --from=one /etc/debian_version /b
COPY --from=mlbox/debian:bookworm-python3.11 /etc/debian_version /c
RUN --mount=type=bind,from=one,target=/one true
