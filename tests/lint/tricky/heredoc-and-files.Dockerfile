FROM scratch
COPY a.txt <<EOF b.txt /dest/
inline
EOF
ADD <<one.txt <<two.txt dir /more/
1
one.txt
2
two.txt
