FROM scratch
COPY --parents dir/c.txt /x/
COPY --exclude=*.md dir /y/
