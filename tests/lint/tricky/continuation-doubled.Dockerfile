FROM mlbox/debian:bookworm-python3.11
RUN echo a \\
RUN echo b \\\
RUN echo c
ENV A=1
