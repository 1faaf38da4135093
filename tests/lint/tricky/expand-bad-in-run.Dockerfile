FROM mlbox/debian:bookworm-python3.11
SHELL ["/bin/bash", "-c"]
RUN echo ${HOME^^}
CMD echo ${HOME^^}
