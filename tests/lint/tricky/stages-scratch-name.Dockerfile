FROM scratch AS scratch
ENV A=1
