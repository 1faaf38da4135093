FROM mlbox/debian:bookworm-python3.11
ONBUILD --x RUN true
