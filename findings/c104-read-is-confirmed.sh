#!/bin/sh
# The IEC 60870-5-104 server of c104 2.2.1 answers a read command (C_RD_NA_1, 102) with an activation confirmation
# besides the value, and mostly ahead of it. A client that takes the first message of the command's type and address
# for the outcome then has no value.
# IEC 60870-5-101, 7.3.4.3, gives 102 the cause 5 (request) in control direction and 44 to 47 (unknown ...) in monitor
# direction, and no cause 7. The guide of lib60870, which c104 is built on, says the same: the answer is the value
# with the cause "request", or the command with a cause that tells an error.
# A refused read or command gets two messages: one of cause 7 with the negative bit, and one of cause 46 or 47 without
# it, so that the reason reads as positive. Where lib60870 refuses a cause by itself, there is one message, with the
# bit. The source of c104 behind this release sets the bit, and still confirms reads.
# Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check c104==2.2.1
} || { echo "the packages cannot be had"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import importlib.metadata
import socket
import struct
import sys

import c104

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
server = c104.Server(ip="127.0.0.1", port=port)
station = server.add_station(common_address=47)
station.add_point(io_address=11, type=c104.Type.M_ME_NC_1)
station.add_point(io_address=12, type=c104.Type.C_SC_NA_1)
server.start()
print("c104", importlib.metadata.version("c104"))
READ, SWITCH, MEASURED, INTERROGATION = 102, 45, 13, 100


def answers(kind, cause, common, address, value=b""):
    """Type, cause, negative bit of each message that answers a command of a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        data = b""

        def received(seconds):
            nonlocal data
            line.settimeout(seconds)
            try:
                while part := line.recv(4096):
                    data += part
            except TimeoutError:
                pass

        line.sendall(bytes.fromhex("680407000000"))
        received(0.5)
        if data != bytes.fromhex("68040b000000"):
            print("the server does not start the transfer")
            sys.exit(2)
        data = b""
        asdu = struct.pack("<BBBBH", kind, 1, cause, 0, common) + address.to_bytes(3, "little") + value
        line.sendall(bytes([0x68, len(asdu) + 4, 0, 0, 0, 0]) + asdu)
        received(1.5)
    found = []
    while data:
        length = data[1] + 2
        # Only numbered messages carry an ASDU: type, number, cause with the negative bit (64).
        if data[2] & 1 == 0:
            found.append((data[6], data[8] & 63, bool(data[8] & 64)))
        data = data[length:]
    return found


def show(title, *command):
    found = answers(*command)
    print(f"{title}:")
    for kind, cause, negative in found:
        print(f"   type {kind}, cause {cause},", "negative" if negative else "positive")
    return found


switched = show("switch the point 12", SWITCH, 6, 47, 12, b"\x01")
wrong = show("interrogate with the cause 3", INTERROGATION, 3, 47, 0, b"\x14")
if switched != [(SWITCH, 7, False)] or wrong != [(INTERROGATION, 45, True)]:
    sys.exit(2)
read = show("read the point 11", READ, 5, 47, 11)
absent = show("read the point 99, which is not there", READ, 5, 47, 99)
nothing = show("switch the point 99, which is not there", SWITCH, 6, 47, 99, b"\x01")
stranger = show("switch the point 12 of the station 99, which is not there", SWITCH, 6, 99, 12, b"\x01")
server.stop()
described = [
    sorted(read) == [(MEASURED, 5, False), (READ, 7, False)],
    absent == [(READ, 7, True), (READ, 47, False)],
    nothing == [(SWITCH, 7, True), (SWITCH, 47, False)],
    stranger == [(SWITCH, 7, True), (SWITCH, 46, False)],
]
sys.exit(0 if all(described) else 1)
PYTHON
