#!/bin/sh
# The TCP server of pymodbus 3.16.1 never answers a Modbus/TCP request that it reads together with another one, and
# does not carry it out. Two requests in segments of their own are read together where the server is busy as they
# come, so a client with several requests on their way waits in vain for each but the first. There is no exception and
# no closed connection, and later requests are answered again.
# The MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 4.2, lets a client have several transactions on a
# connection, told apart by the transaction identifier. A server that has no room for one has exception 6 (busy). TCP
# gives a stream of octets (RFC 9293, 2.2): what a read gives is any part of it.
# The servers of modbus_tk 1.1.5 and pyModbusTCP 0.3.1 answer all requests in the same trial.
#
# Each server is a process that is stopped (SIGSTOP) while two writes of one register are sent, 0.2 s apart.
# Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check pymodbus==3.16.1 modbus_tk==1.1.5 \
        pyModbusTCP==0.3.1
} || { echo "the packages cannot be had"; exit 2; }
cat >"$folder/server.py" <<'PYTHON'
import asyncio
import logging
import sys
import time

name, port = sys.argv[1], int(sys.argv[2])
logging.disable(logging.CRITICAL)
if name == "pymodbus":
    from pymodbus.server import StartAsyncTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    device = SimDevice(1, simdata=[SimData(0, count=10, values=0, datatype=DataType.REGISTERS)])
    asyncio.run(StartAsyncTcpServer(device, address=("127.0.0.1", port)))
elif name == "modbus_tk":
    import modbus_tk.defines as defines
    from modbus_tk.modbus_tcp import TcpServer

    server = TcpServer(port, "127.0.0.1")
    server.add_slave(1).add_block("b", defines.HOLDING_REGISTERS, 0, 10)
    server.start()
else:
    from pyModbusTCP.server import ModbusServer

    ModbusServer("127.0.0.1", port, no_block=True).start()
time.sleep(60)
PYTHON
"$folder/venv/bin/python" - "$folder/server.py" <<'PYTHON'
import importlib.metadata
import os
import signal
import socket
import struct
import subprocess
import sys
import time


def write(transaction, register):
    """Function 6: the register becomes its own number."""
    return struct.pack(">HHHBBHH", transaction, 0, 6, 1, 6, register, register)


def answered(line, seconds):
    """The transactions that are answered within that time, in order."""
    data = b""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        line.settimeout(left)
        try:
            part = line.recv(4096)
        except TimeoutError:
            break
        if not part:
            break
        data += part
    found = []
    while len(data) >= 9:
        transaction, _, length = struct.unpack(">HHH", data[:6])
        found.append((transaction, "answered" if data[7] < 128 else f"exception {data[8]}"))
        data = data[6 + length :]
    return found


def trial(name):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, sys.argv[1], name, str(port)])
    try:
        for _ in range(200):
            try:
                line = socket.create_connection(("127.0.0.1", port), 1)
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        else:
            print(name, "does not listen")
            sys.exit(2)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(write(1, 1))
        alone = answered(line, 1)
        os.kill(server.pid, signal.SIGSTOP)
        line.sendall(write(2, 2))
        time.sleep(0.2)
        line.sendall(write(3, 3))
        time.sleep(0.2)
        os.kill(server.pid, signal.SIGCONT)
        both = answered(line, 2)
        line.sendall(write(4, 4))
        after = answered(line, 1)
        # Function 3: the registers 0 to 4.
        line.sendall(struct.pack(">HHHBBHH", 5, 0, 6, 1, 3, 0, 5))
        line.settimeout(2)
        registers = list(struct.unpack(">5H", line.recv(300)[9:19]))
    finally:
        server.kill()
        server.wait()
    print(name, importlib.metadata.version(name))
    print("   1 alone:          ", alone)
    print("   2 and 3 when busy:", both)
    print("   4 alone:          ", after)
    print("   registers 0 to 4: ", registers)
    return alone + both + after, registers


all_four = [(number, "answered") for number in (1, 2, 3, 4)], [0, 1, 2, 3, 4]
others = [trial("modbus_tk"), trial("pyModbusTCP")]
lost = trial("pymodbus")
if others != [all_four, all_four]:
    sys.exit(2)
sys.exit(0 if lost == ([(1, "answered"), (2, "answered"), (4, "answered")], [0, 1, 2, 0, 4]) else 1)
PYTHON
