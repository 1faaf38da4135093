FROM mlbox/debian:bookworm-python3.11
run <<eof
true
eof
copy <<x /x
1
x
