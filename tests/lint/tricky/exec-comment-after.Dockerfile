FROM scratch
CMD ["a"] # c
