FROM scratch
ENV A='b c
ENV B=1
