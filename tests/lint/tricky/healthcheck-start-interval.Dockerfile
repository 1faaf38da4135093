FROM scratch
HEALTHCHECK --start-interval=5s CMD true
