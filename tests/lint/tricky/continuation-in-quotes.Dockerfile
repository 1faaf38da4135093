FROM mlbox/debian:bookworm-python3.11
ENV A="one \
two" B=3
RUN echo "one \
# in quotes
two"
LABEL x='a \
b'
