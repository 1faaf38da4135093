FROM scratch
ENV A=éàé
ENV B=${A#é} C=${A%é} D=${A/à/x} E=${A#?}
