# Version 2.4 names settings anew, and wants to be told first for which version they are.
case $(dovecot --version) in
2.3.*) version=2.3 ;;
*) version=2.4 ;;
esac
cat dovecot-$version.conf dovecot.conf > whole.conf
dovecot -F -c /mnt/state/whole.conf
