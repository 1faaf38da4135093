FROM mlbox/debian:bookworm-python3.11
RUN ec\
ho hi > /hi
ENV LONG=ab\
cd
