FROM mlbox/debian:bookworm-python3.11
CMD ['python', 'x.py']
RUN ['true'] || true
