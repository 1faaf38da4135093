FROM scratch AS s0
ENV I0=0
FROM scratch AS s1
ENV I1=1
FROM scratch AS s2
ENV I2=2
FROM scratch AS s3
ENV I3=3
FROM scratch AS s4
ENV I4=4
FROM scratch AS s5
ENV I5=5
FROM scratch AS s6
ENV I6=6
FROM scratch AS s7
ENV I7=7
FROM s7
