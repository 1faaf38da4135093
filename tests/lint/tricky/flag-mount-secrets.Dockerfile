FROM mlbox/debian:bookworm-python3.11
RUN --mount=type=secret,id=token --mount=type=ssh true
RUN --mount=type=bind,source=.,target=/src,readonly --mount=type=cache,id=a,dst=/b,sharing=locked,uid=1,gid=1,mode=0755 true
