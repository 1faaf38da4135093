FROM mlbox/debian:bookworm-python3.11
RUN ["echo", "hi"]
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENTRYPOINT [ "tini" , "--" ]
CMD ["python", "-m", "x"]
VOLUME ["/data", "/more"]
COPY ["a.txt", "/with space/"]
