# escape=`
# escape=`
FROM mlbox/debian:bookworm-python3.11
