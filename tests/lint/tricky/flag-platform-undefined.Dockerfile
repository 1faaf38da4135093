FROM --platform=$NOPE scratch AS a
FROM scratch
