FROM scratch
EXPOSE [::1]:80:81
