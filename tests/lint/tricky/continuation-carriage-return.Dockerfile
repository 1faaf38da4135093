FROM mlbox/debian:bookworm-python3.11
RUN echo a \ echo b
