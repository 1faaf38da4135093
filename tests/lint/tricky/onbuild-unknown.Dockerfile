FROM scratch
ONBUILD FOO bar
