FROM scratch
COPY a.txt /x
FROM scratch
COPY --from=-1 /x /y
