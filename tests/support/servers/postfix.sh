for each in active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace; do
    mkdir -p queue/$each
done
mkdir data
chown postfix data queue/*
chown root queue/pid
chgrp postdrop queue/maildrop queue/public
export MAIL_CONFIG=/mnt/state
/usr/lib/postfix/sbin/master -d
