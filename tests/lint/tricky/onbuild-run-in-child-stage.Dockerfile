FROM mlbox/debian:bookworm-python3.11 AS parent
ONBUILD RUN echo triggered > /triggered
ONBUILD ENV T=1
FROM parent
RUN cat /triggered
