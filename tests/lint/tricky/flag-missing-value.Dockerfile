FROM scratch
COPY --chown a.txt /x
