FROM scratch
ADD --chown=1:1 --chmod=600 --link a.txt /x
