FROM scratch
ENV A=a.tar.gz
ENV B=${A%.*} C=${A%%.*} D=${A#*.} E=${A##*.} F=${A/a/b} G=${A//a/b} H=${A/%gz/x}
