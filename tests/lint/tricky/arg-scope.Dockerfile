ARG V=global
ARG W=outer
FROM scratch AS one
LABEL seen="$V"
ARG V
LABEL now="$V"
FROM one AS two
LABEL again="$V/$W"
ARG W=inner
LABEL inner="$W"
ARG V=own
LABEL own="$V"
