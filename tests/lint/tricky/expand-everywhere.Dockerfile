FROM scratch
ARG N=7
ENV D=/opt/app U=1000
WORKDIR $D/x
WORKDIR sub${N}
USER ${U}:$U
EXPOSE ${N}000 $N/udp
VOLUME $D/data ${D}/more
STOPSIGNAL SIG${N:+TERM}
COPY a.txt $D/
COPY --chown=${U} b.txt ${D}/b.txt
LABEL k$N=v k="${D}"
CMD echo $D
