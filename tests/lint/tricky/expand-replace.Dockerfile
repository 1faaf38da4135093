FROM scratch
ENV V=12.8.1 P=a/b/a
ENV A=${V/./-} B=${V//./} C=${P//a/x} F=${P/b*/z} G=${V/8/}
