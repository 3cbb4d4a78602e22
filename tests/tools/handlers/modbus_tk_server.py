"""A Modbus/TCP server of modbus_tk for the tests: units 1 and 2, register N of unit U holds 1000 * U + N.

Usage: modbus_tk_server.py PORT
"""

import sys
import threading

from modbus_tk import modbus_tcp
from modbus_tk.defines import COILS, HOLDING_REGISTERS

server = modbus_tcp.TcpServer(port=int(sys.argv[1]), address="127.0.0.1")
for unit in (1, 2):
    device = server.add_slave(unit)
    device.add_block("registers", HOLDING_REGISTERS, 0, 100)
    device.set_values("registers", 0, [1000 * unit + n for n in range(100)])
    device.add_block("coils", COILS, 0, 100)
server.start()
# Its thread is a daemon.
threading.Event().wait()
