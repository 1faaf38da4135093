FROM scratch
ENV "A"=1
LABEL "com.example.x"="y" 'single'='z'
