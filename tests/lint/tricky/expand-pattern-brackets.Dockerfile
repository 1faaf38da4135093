FROM scratch
ENV A=abcabc
ENV B=${A#[ab]} C=${A%[bc]} D=${A//[ab]/x}
