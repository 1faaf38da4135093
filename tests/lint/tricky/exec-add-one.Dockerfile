FROM scratch
ADD ["a.txt"]
