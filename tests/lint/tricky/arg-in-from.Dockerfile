ARG TAG=bookworm-python3.11
ARG REPO=mlbox/debian
ARG STAGE=one
FROM ${REPO}:${TAG} AS one
FROM $STAGE AS two
FROM ${STAGE:-two}
RUN true
