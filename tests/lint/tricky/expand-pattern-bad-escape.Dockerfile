FROM scratch
ENV P=b V=abc
ENV R=${V#\x}
