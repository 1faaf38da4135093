ARG A=scratch-x
FROM ${A%-*}
