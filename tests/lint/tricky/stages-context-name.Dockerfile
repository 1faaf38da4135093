FROM scratch AS context
ENV A=1
