#!/bin/sh
# hiredis 3.5.0 (the parser that redis-py 8.1.0 uses where it is installed) takes a RESP3 attribute for a reply of its
# own. The caller is given the attribute, and the reply stays behind. From then on each command of that connection is
# given the reply of the one before it, without an error. Inside an array an attribute takes the place of an element,
# and the last element becomes a reply.
# The Redis serialization protocol specification, "Attributes", says that such a dictionary is no part of the reply:
# it augments what follows it, which may be an element of an aggregate.
# redis-py's own parser raises InvalidResponse at an attribute and goes on with a new connection, so that it stays in
# step. Modules of Redis 8 send attributes (`RedisModule_ReplyWithAttribute`); here its test command does.
#
# Installs nothing on the system: fetches redis-server 5:8.0.6-3 of Debian forky with its libraries and runs it on
# loopback. Needs apt and a Debian mirror among its sources, dpkg-deb and python3.
# Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
. "$(dirname "$0")/debian.inc"
folder=$(mktemp -d)
server=
trap 'test -z "$server" || { kill "$server"; wait "$server"; } 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
debian redis-server=5:8.0.6-3 redis-tools libc6 libatomic1 liblzf1 libjemalloc2 libstdc++6 libgcc-s1 libsystemd0 \
    libssl3t64 zlib1g libzstd1
{
    python3 -m venv venv
    venv/bin/pip install --quiet --disable-pip-version-check redis==8.1.0 hiredis==3.5.0
} || { echo "the packages cannot be had"; exit 2; }
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
forky usr/bin/redis-server --bind 127.0.0.1 --port "$port" --save '' --enable-debug-command local >log 2>&1 &
server=$!
venv/bin/python - "$port" <<'PYTHON'
import importlib.metadata
import sys
import time

import hiredis
import redis
from redis._parsers import _RESP3Parser

port = int(sys.argv[1])
asked = [("ECHO", "one"), ("DEBUG", "PROTOCOL", "ATTRIB"), ("ECHO", "two"), ("ECHO", "three"), ("PING",)]


def session(title, **options):
    """The replies of one connection, as text."""
    pool = redis.ConnectionPool(host="127.0.0.1", port=port, max_connections=1, decode_responses=True, **options)
    client = redis.Redis(connection_pool=pool)
    print(title)
    replies = []
    for command in asked:
        try:
            reply = client.execute_command(*command)
        except redis.RedisError as error:
            reply = type(error).__name__
        replies.append(reply)
        print("  ", *command, "->", reply)
    return replies


def parsed(data):
    reader = hiredis.Reader()
    reader.feed(data)
    replies = []
    while (reply := reader.gets()) is not False:
        replies.append(reply)
    return replies


for _ in range(100):
    try:
        version = redis.Redis(port=port, protocol=3).info("server")["redis_version"]
        break
    except redis.ConnectionError:
        time.sleep(0.1)
else:
    print("the server does not answer")
    sys.exit(2)
print("Redis", version, *(f"{name} {importlib.metadata.version(name)}" for name in ("redis", "hiredis")))
real = "Some real reply following the attribute"
control = session("RESP2, hiredis (no attributes)", protocol=2)
own = session("RESP3, redis-py's own parser", protocol=3, parser_class=_RESP3Parser)
shifted = session("RESP3, hiredis", protocol=3)
plain = parsed(b"*3\r\n:1\r\n:2\r\n:3\r\n+OK\r\n")
nested = parsed(b"*3\r\n:1\r\n:2\r\n|1\r\n+ttl\r\n:3600\r\n:3\r\n+OK\r\n")
print("an array of 1, 2, 3, and OK:               ", plain)
print("the same with an attribute before the 3:   ", nested)
if control != ["one", real, "two", "three", True] or own != ["one", "InvalidResponse", "two", "three", True]:
    sys.exit(2)
if plain != [[1, 2, 3], b"OK"]:
    sys.exit(2)
attribute = ["key-popularity", ["key:123", 90]]
as_described = shifted[:4] == ["one", attribute, real, "two"] and shifted[4] != True
sys.exit(0 if as_described and nested == [[1, 2, [b"ttl", 3600]], 3, b"OK"] else 1)
PYTHON
