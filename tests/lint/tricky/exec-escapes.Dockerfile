FROM mlbox/debian:bookworm-python3.11
CMD ["a\"b", "\u00e9\n", "c\\d", "$HOME"]
