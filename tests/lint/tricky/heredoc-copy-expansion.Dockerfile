FROM scratch
ARG WHO=world
COPY <<EOF /plain
hello ${WHO} \$WHO $$ 'and $WHO'
EOF
COPY <<"EOF" /quoted
hello ${WHO} \$WHO
EOF
COPY <<EO'F' /partly
hello ${WHO}
EOF
