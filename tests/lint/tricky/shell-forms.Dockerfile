FROM mlbox/debian:bookworm-python3.11
SHELL ["/bin/bash", "-c"]
RUN [[ a == a ]]
CMD echo $0
ENTRYPOINT exec top
