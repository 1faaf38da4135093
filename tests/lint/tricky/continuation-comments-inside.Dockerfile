FROM mlbox/debian:bookworm-python3.11
RUN echo a && \
# at the margin
    # indented
    echo b && \
    #with backslash \
    echo c
ENV A=1
