FROM mlbox/debian:bookworm-python3.11
RUN cat <<ONE > /one && cat <<TWO > /two
first
TWO
ONE
second
ONE
TWO
COPY <<A <<B /dest/
a
A
b
B
ENV DONE=1
