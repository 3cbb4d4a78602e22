# Where a package lies over the machine's /usr, a folder of the test's is /mnt/state, and users are those of the test,
# a server's own script runs. It is no `exec`: what changes its user would no longer end with `unshare`.
set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/package /mnt/state
mount --bind "$1" /mnt/package
mount --bind "$2" /mnt/state
cd /mnt/state
mount -t overlay overlay -o lowerdir=/mnt/package/usr:/usr /usr
mount --bind passwd /etc/passwd
mount --bind group /etc/group
chmod 777 mail
chmod 755 deliver
. "./$3"
exit $?
