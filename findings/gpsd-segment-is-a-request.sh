#!/bin/sh
# gpsd 3.27.5 takes what one read of its socket gives for whole requests. TCP gives a stream of octets (RFC 9293,
# 2.2), and the protocol has ends of its own: gpsd_json(5) ends a command at its ";" or at the end of its JSON object,
# and ignores line ends behind it.
# `?WATCH={"enable":true,` with `"json":true};` in the next segment is carried out at once. The watch stands without
# JSON, no error is told, and the client waits for reports that never come.
# `?VERS` with `ION;` in the next segment is an error, "Unrecognized request".
# A segment that begins with the line end of the command before it is dropped with the command that it carries.
# The same octets in one segment are understood. A client that writes a request at once seldom sees this. One that
# types, or that writes its line ends apart, does.
#
# Installs nothing: fetches gpsd 3.27.5-3 of Debian forky with its libraries and asks it on loopback, with no
# receiver. Needs apt and a Debian mirror among its sources, dpkg-deb and python3.
# Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
. "$(dirname "$0")/debian.inc"
folder=$(mktemp -d)
server=
trap 'test -z "$server" || { kill "$server"; wait "$server"; } 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
debian gpsd=3.27.5-3 libc6 libusb-1.0-0 libudev1 libbluetooth3 libdbus-1-3 libsystemd0 libcap2
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
forky usr/sbin/gpsd -N -n -F "$folder/control" -S "$port" >log 2>&1 &
server=$!
python3 - "$port" <<'PYTHON'
import json
import socket
import sys
import time

port = int(sys.argv[1])


def ask(*segments):
    """What gpsd answers to segments that are sent 0.3 s apart: the class of each answer, and if a watch has JSON."""
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.settimeout(5)
        greeting = json.loads(line.recv(4096))
        for segment in segments:
            line.sendall(segment)
            time.sleep(0.3)
        line.settimeout(0.7)
        data = b""
        try:
            while part := line.recv(4096):
                data += part
        except TimeoutError:
            pass
    told = []
    for answer in map(json.loads, data.splitlines()):
        told.append(answer["class"])
        if answer["class"] == "WATCH":
            told[-1] += " with JSON" if answer["json"] else " without JSON"
    print(*segments, "->", ", ".join(told) or "no answer")
    return greeting["release"], told


for _ in range(100):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        break
    except OSError:
        time.sleep(0.1)
else:
    print("gpsd does not listen")
    sys.exit(2)
release, version = ask(b"?VERSION;\n")
print("gpsd", release)
controls = [
    version == ["VERSION"],
    ask(b'?WATCH={"enable":true,"json":true};\n')[1] == ["DEVICES", "WATCH with JSON"],
    ask(b"?VERSION;\n?DEVICES;\n")[1] == ["VERSION", "DEVICES"],
    ask(b"?VERSION;", b"?DEVICES;")[1] == ["VERSION", "DEVICES"],
]
if not all(controls):
    sys.exit(2)
described = [
    ask(b'?WATCH={"enable":true,', b'"json":true};\n')[1] == ["DEVICES", "WATCH without JSON"],
    ask(b"?VERS", b"ION;\n")[1] == ["ERROR"],
    ask(b"?VERSION;", b"\n?DEVICES;\n")[1] == ["VERSION"],
]
sys.exit(0 if all(described) else 1)
PYTHON
