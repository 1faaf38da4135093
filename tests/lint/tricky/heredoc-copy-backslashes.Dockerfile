FROM scratch
ENV A=1
COPY <<E /f
a\nb \\ \x \" \$A
E
