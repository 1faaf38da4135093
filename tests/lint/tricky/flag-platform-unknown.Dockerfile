FROM --platform=nonsense/what/is/this scratch
ENV A=1
