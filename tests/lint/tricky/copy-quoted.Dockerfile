FROM scratch
COPY "a.txt" '/with space/'
COPY a.txt /es\ caped/
