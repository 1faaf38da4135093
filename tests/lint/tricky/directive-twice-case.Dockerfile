# escape=\
# ESCAPE=`
FROM mlbox/debian:bookworm-python3.11
