FROM --platform=$BUILDPLATFORM mlbox/debian:bookworm-python3.11 AS build
ARG TARGETARCH
RUN echo $TARGETARCH
FROM --platform=linux/amd64 scratch
COPY --from=build /etc/debian_version /x
