FROM scratch
ARG A=1
ARG B=
COPY <<E /f
${A:-x} ${B:-y} ${B:+z} ${A:+w} $A-$B \$A ${A#1} ${UNSET:-${A}}
E
