FROM mlbox/debian:bookworm-python3.11
RUN cat <<"END OF FILE" > /x
text
END OF FILE
RUN true
