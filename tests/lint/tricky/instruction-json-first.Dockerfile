FROM scratch
["RUN"]
