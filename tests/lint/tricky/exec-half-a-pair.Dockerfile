FROM scratch
CMD ["\ud83d"]
