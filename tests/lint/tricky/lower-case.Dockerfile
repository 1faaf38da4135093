from scratch as Base
env a=1
From base As Final
Copy a.txt /x
label b=c
