#!/bin/sh
# nsd 4.15.4 and ldns 1.9.2 read an SVCB or HTTPS parameter that is written by number as if it stood there by name.
# RFC 9460, 2.1, lets any key be written as "keyNNNNN", and the decoded value is then the wire format. Section 7.1.1
# counts on it for protocol names with a comma (`key1=\002h2` is its example), and so does the manual of nsd's own
# zone parser.
# `key1=\002h2` (alpn=h2) silently becomes the protocol "\002h2" in both. No client speaks it.
# `key3="\003U"` (port=853) and `key4` are refused, and with them the zone in nsd.
# `key9="\000\029"` (tls-supported-groups=29) is refused by nsd, which knows that name, and is right in ldns, which
# does not. So a zone that writes a new key by number stops loading with the release that learns the key's name.
# BIND 9.20.30 reads all of them as the RFC says.
#
# Installs nothing: fetches the programs of Debian forky with their libraries. Needs apt and a Debian mirror among its
# sources, and dpkg-deb. Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
. "$(dirname "$0")/debian.inc"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
debian nsd=4.15.4-1 ldnsutils=1.9.2-1+b1 bind9=1:9.20.30-1 bind9-libs libldns3t64 libc6 libssl3t64 \
    libevent-2.1-7t64 libprotobuf-c1 libfstrm0 libsystemd0 libxdp1 libbpf1 libelf1t64 libzstd1 zlib1g libcap2 \
    libgcc-s1 libstdc++6 libjemalloc2 libuv1t64 libjson-c5 libxml2-16 libgssapi-krb5-2 libkrb5-3 libk5crypto3 \
    libkrb5support0 libcom-err2 libkeyutils1 libmaxminddb0 liblmdb0 liburcu8t64 libnghttp2-14
# Each of the three prints the octets of the parameters in hex.
zone() {
    printf '$ORIGIN example.\n@ 60 IN SOA ns a 1 1 1 1 1\n@ 60 IN NS ns\n' >zone
    printf 'ns 60 IN A 192.0.2.1\nx 60 IN SVCB 1 . %s\n' "$1" >>zone
}
hex() { sed -n 's/.*\\# [0-9]* *000100\([0-9A-Fa-f ]*\)$/\1/p' | tr -d ' ' | tr A-F a-f; }
bind() { printf 'IN SVCB 1 . %s\n' "$1" | (forky usr/bin/named-rrchecker -u) 2>&1 | hex; }
ldns() { zone "$1"; (forky usr/bin/ldns-read-zone -u SVCB zone) 2>&1 | hex; }
# nsd-checkzone prints no octets: BIND turns its text of the record into them.
nsd() {
    zone "$1"
    text=$( (forky usr/sbin/nsd-checkzone -p example. zone) 2>/dev/null | sed -n 's/.*SVCB[[:space:]]*1 \. //p')
    test -z "$text" || bind "$text"
}
status=0
# What a program makes of a parameter, and what it is expected to make, which is not always right.
tell() {
    program=$1 written=$2 expected=$3
    found=$($program "$written")
    printf '%s: %s is %s\n' "$program" "$written" "${found:-refused}"
    test "$found" = "$expected" || { echo "    and should be ${expected:-refused} as this script has it"; status=$4; }
}
(forky usr/sbin/nsd-checkzone -h) 2>&1 | grep -o 'Version [0-9.]*[0-9]' || true
for program in bind nsd ldns; do
    tell $program 'alpn=h2' 00010003026832 2
    tell $program 'port=853' 000300020355 2
    tell $program 'key667=\002h2' 029b0003026832 2
done
test "$status" = 0 || exit "$status"
tell bind 'key1=\002h2' 00010003026832 2
tell bind 'key3="\003U"' 000300020355 2
tell bind 'key4="\192\000\002\001"' 00040004c0000201 2
tell bind 'key9="\000\029"' 00090002001d 2
test "$status" = 0 || exit "$status"
tell nsd 'key1=\002h2' 0001000403026832 1
tell nsd 'key3="\003U"' '' 1
tell nsd 'key4="\192\000\002\001"' '' 1
tell nsd 'key9="\000\029"' '' 1
tell ldns 'key1=\002h2' 0001000403026832 1
tell ldns 'key3="\003U"' '' 1
tell ldns 'key4="\192\000\002\001"' '' 1
tell ldns 'key9="\000\029"' 00090002001d 1
exit "$status"
