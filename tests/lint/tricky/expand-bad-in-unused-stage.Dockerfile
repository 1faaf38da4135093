FROM scratch AS unused
ENV A="b
FROM scratch
ENV B=1
