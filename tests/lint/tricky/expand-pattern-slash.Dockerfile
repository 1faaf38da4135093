FROM scratch
ENV A=/usr/local/bin
ENV B=${A##*/} C=${A%/*} D=${A//\//:}
