FROM mlbox/debian:bookworm-python3.11
RUN echo a#b && echo '#d' # tail
ENV A=#1 B=x#y
LABEL l=# m=1
