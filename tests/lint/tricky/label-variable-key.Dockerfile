FROM scratch
ENV K=k
LABEL $K=v "${K}2"=w
