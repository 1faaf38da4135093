FROM mlbox/debian:bookworm-python3.11
RUN <<EOF
#!/usr/bin/env python3
import pathlib
pathlib.Path("/made").write_text("by python")
EOF
RUN python3 <<'PY'
print("hi \
there")
PY
