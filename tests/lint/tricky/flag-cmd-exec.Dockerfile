FROM scratch
CMD ["--port", "80"]
ENTRYPOINT ["x", "--y"]
