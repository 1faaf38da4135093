FROM mlbox/debian:bookworm-python3.11
RUN echo "<<EOF" '<<END'
RUN echo "a <<EOF b"
RUN true
