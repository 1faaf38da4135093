FROM scratch
ENV A=${X
