FROM mlbox/debian:bookworm-python3.11
RUN cat <<$EOF > /x
text
$EOF
RUN true
