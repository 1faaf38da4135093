FROM scratch
CMD ["${X"]
ENTRYPOINT ["${Y^^}"]
