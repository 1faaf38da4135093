FROM scratch
COPY a.txt /x
FROM scratch
COPY --from=+0 /x /y
