FROM scratch
ENV A=<<EOF B=1
LABEL x="<<EOF"
CMD echo <<EOF
