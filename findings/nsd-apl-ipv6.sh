#!/bin/sh
# nsd writes an IPv6 prefix of an APL record with the zero octets at its end, which RFC 3123, section 4 forbids ("the sender MUST
# NOT include trailing zero octets in the AFDPART"). dig refuses the whole message for it.
#
# Installs nothing: fetches nsd 4.15.4-1 of Debian forky with its libraries (4.6.1-1 of Debian 12 is right), serves one record
# on loopback and reads what comes. Needs apt and a Debian mirror among its sources, dpkg-deb and python3. Exit status: 0 as
# described, 1 it has changed, 2 it could not be tried.
set -eu
. "$(dirname "$0")/debian.inc"
folder=$(mktemp -d)
server=
trap 'test -z "$server" || { kill "$server"; wait "$server"; } 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
debian nsd=4.15.4-1 libc6 libssl3t64 libevent-2.1-7t64 libprotobuf-c1 libfstrm0 libsystemd0 libxdp1 libbpf1 libelf1t64 \
    libzstd1 zlib1g libcap2 libgcc-s1
nsd() { forky usr/sbin/nsd "$@"; }
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >nsd.conf <<CONF
server:
  ip-address: 127.0.0.1@$port
  port: $port
  username: ""
  chroot: ""
  zonesdir: "$folder"
  pidfile: "$folder/pid"
  xfrdfile: "$folder/xfrd"
  zonelistfile: "$folder/list"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "example."
  zonefile: "zone"
CONF
printf '$ORIGIN example.\n$TTL 60\n@ SOA ns admin 1 1 1 1 1\n@ NS ns\nns A 127.0.0.1\napl APL 2:2001:db8::/32\n' >zone
(nsd -v) 2>&1 | head -1
nsd -d -c nsd.conf >log 2>&1 &
server=$!
python3 - "$port" <<'PYTHON'
import socket, sys, time
query = b"\x12\x34\0\0\0\1\0\0\0\0\0\0\3apl\7example\0\0\x2a\0\1"
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.connect(("127.0.0.1", int(sys.argv[1])))
peer.settimeout(0.2)
until = time.monotonic() + 20
while True:
    try:
        peer.send(query)
        message = peer.recv(4096)
        break
    except OSError:
        if time.monotonic() > until:
            print("nsd does not answer")
            sys.exit(2)
at = len(query) + 10
length = int.from_bytes(message[at : at + 2], "big")
data = message[at + 2 : at + 2 + length]
print("2:2001:db8::/32 on the wire:", data.hex())
right = bytes.fromhex("0002200420010db8")
print("RFC 3123 has it as:         ", right.hex())
sys.exit(0 if data == bytes.fromhex("0002201020010db8") + bytes(12) else 1)
PYTHON
