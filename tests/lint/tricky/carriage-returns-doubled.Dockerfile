FROM scratch
ENV A=b
ENV C=d
