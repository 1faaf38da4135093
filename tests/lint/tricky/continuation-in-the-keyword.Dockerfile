FROM scratch
ENV A=1
WORK\
DIR /x
