FROM scratch
ENV A="${B:-{}" C=${D:-\}x}
