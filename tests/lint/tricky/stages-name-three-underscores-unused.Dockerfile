FROM scratch AS a___b
FROM scratch
