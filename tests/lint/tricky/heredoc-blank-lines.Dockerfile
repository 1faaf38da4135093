FROM mlbox/debian:bookworm-python3.11
RUN <<EOF


  
	echo x

EOF


RUN true
