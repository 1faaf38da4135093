FROM mlbox/debian:bookworm-python3.11

# comment
RUN echo a && \
    # inside
    echo b
ENV A=1 \
  B=2
CMD ["x"]
