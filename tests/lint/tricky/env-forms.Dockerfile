FROM scratch
ENV OLD a b  c
ENV ONE=1 TWO="two words" THREE=three\ words FOUR='four "words"'
ENV EMPTY= NEXT="" LAST=x
ENV URL=https://x.example/?a=b&c=d
ENV QUOTED="a \"b\" \$c \\ d" SINGLE='a \ $c'
ENV MIX=a"b"'c'd
