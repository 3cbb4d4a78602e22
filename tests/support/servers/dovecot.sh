dovecot -F -c dovecot.conf
