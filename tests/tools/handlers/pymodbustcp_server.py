"""A Modbus/TCP server of pyModbusTCP for the tests: everything holds 0.

Usage: pymodbustcp_server.py PORT
"""

import sys

from pyModbusTCP.server import ModbusServer

ModbusServer(host="127.0.0.1", port=int(sys.argv[1])).start()
