FROM mlbox/debian:bookworm-python3.11
RUN <<-EOF
	echo tab
		echo two tabs
  echo spaces stay
	 : EOF
	EOF
COPY <<-TEXT /t
		indented
	text
	TEXT
