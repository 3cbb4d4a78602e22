"""A Modbus/TCP server of pymodbus for the tests: register N holds N, coil N is on where N is odd.

Usage: modbus_server.py PORT
"""

import asyncio
import sys

from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus import ModbusDeviceIdentification
from pymodbus.server import StartAsyncTcpServer

# A block's first address counts from 1 in pymodbus: what is asked for as 0 is its first value.
registers = ModbusSequentialDataBlock(1, list(range(200)))
coils = ModbusSequentialDataBlock(1, [n % 2 == 1 for n in range(200)])
device = ModbusDeviceContext(di=coils, co=coils, hr=registers, ir=registers)
context = ModbusServerContext(devices={1: device}, single=False)
identity = ModbusDeviceIdentification(info_name={"VendorName": "Pymodbus", "ProductCode": "PM", "MajorMinorRevision": "3"})
asyncio.run(StartAsyncTcpServer(context, identity=identity, address=("127.0.0.1", int(sys.argv[1]))))
