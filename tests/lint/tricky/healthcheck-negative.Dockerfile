FROM scratch
HEALTHCHECK --timeout=-1s CMD true
