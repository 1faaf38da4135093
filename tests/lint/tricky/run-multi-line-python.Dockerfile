FROM mlbox/debian:bookworm-python3.11
RUN python3 -c "\
import os; \
print(os.sep)"
