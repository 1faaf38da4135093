FROM scratch AS unused
COPY [a.txt, /x/]
FROM scratch
ENV A=1
