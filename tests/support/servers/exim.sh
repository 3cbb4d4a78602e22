mkdir spool
chown Debian-exim spool
exim4 -C /mnt/state/exim.conf -bdf
