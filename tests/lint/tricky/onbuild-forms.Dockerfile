FROM mlbox/debian:bookworm-python3.11
ONBUILD RUN true
onbuild copy a.txt /x
ONBUILD ENV A=1 B=2
ONBUILD   CMD ["x"]
ONBUILD RUN echo a \
   b
ONBUILD ARG X=1
