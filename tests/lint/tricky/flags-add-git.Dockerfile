FROM scratch AS unused
ADD --keep-git-dir=true https://example.com/x.git#v1 /x
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/x /y
FROM scratch
ENV A=1
