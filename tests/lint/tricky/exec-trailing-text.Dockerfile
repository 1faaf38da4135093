FROM mlbox/debian:bookworm-python3.11
CMD ["python"] x
ENTRYPOINT ["a"] # comment
