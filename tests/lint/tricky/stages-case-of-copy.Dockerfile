FROM mlbox/debian:bookworm-python3.11 AS Builder
RUN echo x > /x
FROM scratch
COPY --from=BUILDER /x /x
