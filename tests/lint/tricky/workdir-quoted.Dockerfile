FROM scratch
WORKDIR "/a b"
WORKDIR 'c d'
