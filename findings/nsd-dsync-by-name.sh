#!/bin/sh
# nsd 4.15.4 refuses the presentation form of DSYNC records that RFC 9859 prescribes, the RFC's own example included.
# Section 2.2 writes the scheme by its mnemonic where one is assigned, section 2.3 assigns NOTIFY, and nsd takes `1`
# alone ("Invalid scheme in DSYNC"). A zone with one such record does not load.
# BIND 9.20.30 takes NOTIFY, and writes it for the record that nsd serves, so that its text of the zone is no input
# for nsd.
# The algorithms ED25519 and ED448 (RFC 8080) of DNSKEY, DS and RRSIG records are alike: nsd takes the older ones by
# name (RSASHA256, ECDSAP256SHA256), and these two by number alone.
#
# Installs nothing: fetches the programs of Debian forky with their libraries. Needs apt and a Debian mirror among its
# sources, and dpkg-deb. Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
. "$(dirname "$0")/debian.inc"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
debian nsd=4.15.4-1 bind9=1:9.20.30-1 bind9-libs libc6 libssl3t64 libevent-2.1-7t64 libprotobuf-c1 libfstrm0 \
    libsystemd0 libxdp1 libbpf1 libelf1t64 libzstd1 zlib1g libcap2 libgcc-s1 libstdc++6 libjemalloc2 libuv1t64 \
    libjson-c5 libxml2-16 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libcom-err2 libkeyutils1 \
    libmaxminddb0 liblmdb0 liburcu8t64 libnghttp2-14
nsd() {
    printf '$ORIGIN example.\n@ 60 IN SOA ns a 1 1 1 1 1\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n' >zone
    printf 'x 60 IN %s\n' "$1" >>zone
    if (forky usr/sbin/nsd-checkzone example. zone) >told 2>&1; then told=taken; else
        told="refused ($(sed -n 's/.*zone:[0-9]*: //p' told | head -1))"
    fi
    echo "nsd:  $1: $told"
}
bind() {
    told=$(echo "IN $1" | (forky usr/bin/named-rrchecker -p) 2>&1 | tr '\t' ' ') || told="refused ($told)"
    echo "BIND: $1: $told"
}
# The record stands or the script stops: with 2 where the set-up is at fault, with 1 where nsd has changed.
taken() { case $told in refused*) exit 2 ;; esac; }
refused() { case $told in "refused ($1)") ;; *) echo "this has changed"; exit 1 ;; esac; }
(forky usr/sbin/nsd-checkzone -h) 2>&1 | grep -o 'Version [0-9.]*[0-9]' || true
key='l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4='
digest=2BB183AF5F22588179A53B0A98631FAD1A2921182BB183AF5F22588179A53B0A
bind 'DSYNC CDS NOTIFY 5359 cds-scanner.example.net.'; taken
bind 'DSYNC CDS 1 5359 cds-scanner.example.net.'
test "$told" = 'IN DSYNC CDS NOTIFY 5359 cds-scanner.example.net.' || exit 2
bind "DNSKEY 256 3 ED25519 $key"; taken
nsd 'DSYNC CDS 1 5359 cds-scanner.example.net.'; taken
nsd "DNSKEY 256 3 15 $key"; taken
nsd 'DNSKEY 256 3 16 AwEAAQ=='; taken
nsd 'DNSKEY 256 3 RSASHA256 AwEAAQ=='; taken
nsd "DS 1 ECDSAP256SHA256 2 $digest"; taken
nsd 'DSYNC CDS NOTIFY 5359 cds-scanner.example.net.'; refused 'Invalid scheme in DSYNC'
nsd 'DSYNC CSYNC NOTIFY 5360 csync-scanner.example.net.'; refused 'Invalid scheme in DSYNC'
nsd "DNSKEY 256 3 ED25519 $key"; refused 'Invalid algorithm in DNSKEY'
nsd 'DNSKEY 256 3 ED448 AwEAAQ=='; refused 'Invalid algorithm in DNSKEY'
nsd "DS 1 ED25519 2 $digest"; refused 'Invalid algorithm in DS'
