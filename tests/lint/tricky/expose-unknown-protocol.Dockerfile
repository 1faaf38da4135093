FROM scratch
EXPOSE 80/xyz
