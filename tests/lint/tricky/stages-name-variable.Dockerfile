ARG N=x
FROM scratch AS $N
ENV A=1
