FROM scratch
CMD a
