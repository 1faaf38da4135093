FROM scratch
COPY a.txt /x
FROM scratch
COPY --from=-5x /x /y
