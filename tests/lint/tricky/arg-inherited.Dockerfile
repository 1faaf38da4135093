FROM scratch AS a
ARG X=1
ENV E=e
FROM a
LABEL x="[$X]" e="$E"
