FROM scratch
LABEL motto="grüße → 世界 😀"
ENV Ä=1 NAME=žluťoučký
COPY a.txt /süß/
