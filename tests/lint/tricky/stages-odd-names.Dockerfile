FROM scratch AS a-b_c.d
ENV A=1
FROM a-b_c.d AS x1
ENV B=1
