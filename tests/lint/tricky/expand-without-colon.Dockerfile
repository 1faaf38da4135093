FROM scratch
ENV A=
ENV B=${A-x} C=${A+y} D=${A:-x} E=${A:+y} F=${N-x} G=${N+y}
