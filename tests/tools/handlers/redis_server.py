"""A Redis server of fakeredis for the tests.

Usage: redis_server.py PORT
"""

import sys

from fakeredis import TcpFakeServer

TcpFakeServer(("127.0.0.1", int(sys.argv[1]))).serve_forever()
