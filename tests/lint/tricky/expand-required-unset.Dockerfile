FROM scratch
ENV A=${UNSET:?must be set}
