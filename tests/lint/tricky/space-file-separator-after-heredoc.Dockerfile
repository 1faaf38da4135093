FROM scratch
COPY <<E/x
b
E
