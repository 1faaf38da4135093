FROM scratch
ENV A=a$ B="b$" C=$ D=$-
