FROM mlbox/debian:bookworm-python3.11
CMD ["python", \
     # unbuffered
     "-u", \
     "x.py"]
ENTRYPOINT [ \
  "sh" ]
