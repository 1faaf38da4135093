FROM scratch
ENV P=b A=abc
ENV B=${A#a$P} C=${A/$P/x} D=${A/b/$P$P}
