FROM scratch AS a
HEALTHCHECK NONE
FROM scratch AS b
HEALTHCHECK CMD curl -f http://localhost/ || exit 1
FROM scratch AS c
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 CMD ["x"]
FROM scratch
HEALTHCHECK --interval=1m30s \
  cmd true
