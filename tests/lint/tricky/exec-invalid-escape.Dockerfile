FROM mlbox/debian:bookworm-python3.11
CMD ["C:\dir"]
