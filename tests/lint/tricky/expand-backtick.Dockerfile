# escape=`
FROM scratch
ENV X=1
ENV A=`$X B=\$X C="`$X" E='`$X'
