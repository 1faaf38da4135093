FROM scratch
ARG D=/d
WORKDIR /w
COPY ["a.txt", "$D/"]
VOLUME ["$D"]
