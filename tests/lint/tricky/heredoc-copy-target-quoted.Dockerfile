FROM scratch
COPY <<EOF "/quoted"
text
EOF
COPY <<-"EOF" ./relative/
x
EOF
