FROM scratch
ENV A="a*b?c"
ENV B=${A#a\*} C=${A%\?c} D=${A/\*/x}
