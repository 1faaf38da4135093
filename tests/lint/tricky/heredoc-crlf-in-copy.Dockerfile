FROM scratch
COPY <<E /f
a
E
