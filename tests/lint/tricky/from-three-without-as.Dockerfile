FROM scratch is a
