# escape=x
FROM mlbox/debian:bookworm-python3.11
