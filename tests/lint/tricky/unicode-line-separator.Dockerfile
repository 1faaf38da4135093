FROM scratch
LABEL x="a bc"
ENV A=1
