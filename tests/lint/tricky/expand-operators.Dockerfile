FROM scratch
ENV SET=value EMPTY=
ENV A=${SET:-d} B=${EMPTY:-d} C=${UNSET:-d} D=${SET-d} E=${EMPTY-d} F=${UNSET-d}
ENV G=${SET:+alt} H=${EMPTY:+alt} I=${UNSET:+alt} J=${EMPTY+alt} K=${UNSET+alt}
ENV L=${SET:?bad} M=${EMPTY?bad}
ENV N=${UNSET:-${SET}x} O=${UNSET:-${ALSO:-deep}} P=${UNSET:-"a b"} Q="${UNSET:-a b}"
ENV R=$SET$SET S=${SET}_x T=$SET_x V=$ W=a$
