FROM mlbox/debian:bookworm-python3.11
SHELL ["/bin/bash", "-c"]
RUN cat <<< "hello" > /x
RUN cat <<<hello > /y
RUN true
