FROM mlbox/debian:bookworm-python3.11
RUN set -eux; \
    \
    if true; then \
        echo yes; \
    fi; \
    # done
    true
