#comment without a space
FROM scratch
ENV A=1
