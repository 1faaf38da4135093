FROM mlbox/debian:bookworm-python3.11
RUN --device=nvidia.com/gpu=all true
