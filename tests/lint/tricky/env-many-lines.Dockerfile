FROM scratch
ENV A=1 \
    B="two words" \
    # C=3
    D=4 \
    E='single $A' \
    F=$A
