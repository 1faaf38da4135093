# a comment
FROM scratch
ENV A=1
