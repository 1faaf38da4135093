FROM scratch
EXPOSE host:80:81
