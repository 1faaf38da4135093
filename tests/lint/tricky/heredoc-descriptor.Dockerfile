FROM mlbox/debian:bookworm-python3.11
RUN 3<<EOF cat <&3 > /three
from three
EOF
RUN cat 0<<EOF > /zero
from zero
EOF
