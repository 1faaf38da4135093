FROM scratch
COPY --link a.txt /x
COPY --link=true a.txt /y
COPY --link=false a.txt /z
