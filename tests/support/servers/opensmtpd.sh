for each in /var/spool /var/lib /run; do
    mount -t tmpfs tmpfs $each
done
mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd
chmod 711 /var/spool/smtpd
smtpd -d -f opensmtpd.conf
