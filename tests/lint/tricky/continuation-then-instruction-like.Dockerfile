FROM mlbox/debian:bookworm-python3.11
RUN echo a \
RUN echo b
ENV A=1
