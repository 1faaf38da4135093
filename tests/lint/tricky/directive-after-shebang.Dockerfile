#!/usr/bin/env docker
# escape=`
FROM scratch
ENV A=a\
b
