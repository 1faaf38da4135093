FROM mlbox/debian:bookworm-python3.11
RUN cat <<end.of-file > /a
x
end.of-file
RUN cat <<_x9 > /b
x
_x9
RUN cat <<1 > /c
x
1
RUN cat <<EOF.txt >/d
EOF
EOF.txt
