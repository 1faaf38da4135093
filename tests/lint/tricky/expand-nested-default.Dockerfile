FROM scratch
ENV A=${B:-${C:-${D:-e}}} F=${A:-x}
