FROM scratch
ENV A=$0 B=$9x C=${1} D=$@ E=$* F=$#
