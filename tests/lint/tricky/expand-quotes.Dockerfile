FROM scratch
ENV X=1
ENV A='$X' B="$X" C=\$X D="\$X" E='\$X' F=\\$X G="a'$X'b" H='a"$X"b' I=a\ b$X
LABEL a=\${X} b="${X}" c='${X}' d=$X"$X"'$X'
