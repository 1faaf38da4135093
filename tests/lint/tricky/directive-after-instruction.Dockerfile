FROM mlbox/debian:bookworm-python3.11
# escape=`
RUN echo a \
  b
