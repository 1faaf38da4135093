FROM scratch
ONBUILD \
 RUN echo a \
 b
