FROM scratch
WORKDIR --x
