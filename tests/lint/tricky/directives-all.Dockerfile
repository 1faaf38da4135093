# syntax=docker/dockerfile:1
# escape=`
# Check = skip=all;error=true
FROM mlbox/debian:bookworm-python3.11
RUN echo a `
  b
