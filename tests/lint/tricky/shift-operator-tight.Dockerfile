FROM mlbox/debian:bookworm-python3.11
RUN echo $((1<<2)) > /x
RUN true
