FROM scratch
ENV A=${UNSET:?must}
