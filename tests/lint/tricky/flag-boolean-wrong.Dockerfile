FROM scratch
COPY --link=maybe a.txt /x
