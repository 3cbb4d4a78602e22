#!/bin/sh
# The server of modbus_tk 1.1.5 answers function 23 (read/write multiple registers) with what stood in the registers before the
# write, though "the write operation is performed before the read" (MODBUS Application Protocol Specification V1.1b3, 6.17).
# pymodbus 3.16.1 writes first. A client that writes a set point and reads it back in one request takes the old value for the
# device's. Exits 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check modbus_tk==1.1.5 pymodbus==3.16.1
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import importlib.metadata
import logging
import socket
import struct
import sys
import threading
import time

import modbus_tk.defines as defines
import modbus_tk.modbus_tcp as modbus_tcp
from pymodbus.server import StartAsyncTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

logging.disable(logging.CRITICAL)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ask(port, pdu):
    """One request to unit 1 and the PDU of its answer."""
    for _ in range(100):
        try:
            line = socket.create_connection(("127.0.0.1", port), 5)
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    with line:
        line.sendall(struct.pack(">HHHB", 1, 0, len(pdu) + 1, 1) + pdu)
        return line.recv(300)[7:]


# Reads one register from address 0 and writes 7 to it.
both = struct.pack(">BHHHHBH", 23, 0, 1, 0, 1, 2, 7)
read = struct.pack(">BHH", 3, 0, 1)


def shown(name, port):
    told = struct.unpack(">H", ask(port, both)[2:])[0]
    stands = struct.unpack(">H", ask(port, read)[2:])[0]
    print(name, importlib.metadata.version(name), "answers", told, "and holds", stands)
    return told, stands


port = free_port()
server = modbus_tcp.TcpServer(port, "127.0.0.1")
server.add_slave(1).add_block("b", defines.HOLDING_REGISTERS, 0, 10)
server.start()
first = shown("modbus_tk", port)
server.stop()

port = free_port()
device = SimDevice(1, simdata=[SimData(0, count=10, values=0, datatype=DataType.REGISTERS)])
serve = lambda: asyncio.run(StartAsyncTcpServer(device, address=("127.0.0.1", port)))
threading.Thread(target=serve, daemon=True).start()
second = shown("pymodbus", port)
sys.exit(0 if (first, second) == ((0, 7), (7, 7)) else 1)
PYTHON
