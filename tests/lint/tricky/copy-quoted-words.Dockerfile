FROM scratch
COPY "a.txt" '/quoted'
