FROM nowhere.invalid/none:1 AS unused
RUN false
FROM scratch
ENV A=1
