FROM scratch
LABEL x=1 y=2
