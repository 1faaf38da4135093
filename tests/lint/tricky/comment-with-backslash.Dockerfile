# a comment that ends in a backslash \
FROM mlbox/debian:bookworm-python3.11
# another \
RUN true
