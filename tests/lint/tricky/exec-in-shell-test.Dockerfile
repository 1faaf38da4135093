FROM mlbox/debian:bookworm-python3.11
RUN [ -f /etc/debian_version ] && true
RUN [ "a" = "a" ]
