# escape=`
FROM mlbox/debian:bookworm-python3.11
RUN echo a `
  b
ENV P=C:\dir\ Q=`$x
RUN echo \\
RUN true
