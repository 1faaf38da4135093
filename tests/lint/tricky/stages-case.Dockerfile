FROM scratch AS Builder
ENV A=1
FROM BUILDER as Second
FROM second
ENV B=2
