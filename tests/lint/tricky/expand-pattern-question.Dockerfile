FROM scratch
ENV A=abcabc
ENV B=${A#?} C=${A%?} D=${A/?/x} E=${A//b?/x} F=${A##*b} G=${A%%b*}
