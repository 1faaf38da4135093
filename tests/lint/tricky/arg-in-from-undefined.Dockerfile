FROM ${BASE}
RUN true
