FROM mlbox/debian:bookworm-python3.11 AS build
RUN echo made > /made
FROM scratch
COPY --from=0 --chown=1000:1000 --chmod=644 /made /a
COPY --from=build --link /made /b
COPY --from=Build /made /c
