FROM scratch
COPY --form=0 a.txt /x
