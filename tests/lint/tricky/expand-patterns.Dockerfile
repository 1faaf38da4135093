FROM scratch
ENV P=/a/b/c.tar.gz V=12.8.1
ENV A=${P#*/} B=${P##*/} C=${P%.*} D=${P%%.*} E=${V%.*} F=${V%%.*} G=${V#1} H=${P#x}
ENV I=${P#/?/} J=${V##*.}
