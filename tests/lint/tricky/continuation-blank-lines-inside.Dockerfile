FROM mlbox/debian:bookworm-python3.11
RUN echo a && \

    echo b && \


    echo c
ENV A=1
