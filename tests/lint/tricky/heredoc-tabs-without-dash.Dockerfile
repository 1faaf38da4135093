FROM mlbox/debian:bookworm-python3.11
RUN <<EOF
	echo tab
	#EOF
EOF
RUN true
