FROM mlbox/debian:bookworm-python3.11
ARG WHO=world
RUN cat <<'EOF' > /single
hello $WHO \
there
EOF
RUN cat <<"EOF" > /double
hello $WHO
EOF
RUN cat <<E"O"F > /part
hello $WHO
EOF
RUN cat <<\EOF > /escaped
hello $WHO
EOF
