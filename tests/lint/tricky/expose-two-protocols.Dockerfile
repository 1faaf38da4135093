FROM scratch
EXPOSE 80/tcp/udp
