#!/bin/bash
NVIDIA_DIR=$(dirname "$(python -c 'import nvidia; print(nvidia.__file__)')")
export LD_LIBRARY_PATH=$(echo "${NVIDIA_DIR}"/*/lib/ | tr ' ' ':')
