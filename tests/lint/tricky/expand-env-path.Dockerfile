FROM mlbox/debian:bookworm-python3.11
ENV PATH=/opt/bin:$PATH
ENV Y=$PATH
