FROM scratch
LABEL a=b "c d"="e f"
LABEL multi="line one \
line two"
LABEL empty=
