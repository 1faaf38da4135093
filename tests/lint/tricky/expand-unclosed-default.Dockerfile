FROM scratch
ENV A=${X:-b
