#!/bin/sh
# The stdio client of the Python package mcp 1.30.0 raises BrokenResourceError out of `stdio_client` if the server writes a message
# after the session was left, such as the answer of a call that was given up. The specification lets a server answer what is in
# flight when its input is closed. Exits 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mcp==1.30.0
cat > "$folder/server.py" <<'PYTHON'
import json
import sys

held = []
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    if message["method"] == "tools/call":
        held.append(message["id"])
        continue
    result = {}
    if message["method"] == "initialize":
        version = message["params"]["protocolVersion"]
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "late", "version": "1"}}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
# The input has ended: what was in flight is answered now.
for id in held:
    print(json.dumps({"jsonrpc": "2.0", "id": id, "result": {"content": []}}), flush=True)
PYTHON
"$folder/venv/bin/python" - "$folder/server.py" <<'PYTHON'
import asyncio
import datetime
import importlib.metadata
import sys

import mcp
from mcp.client.stdio import stdio_client


async def session():
    server = mcp.StdioServerParameters(command=sys.executable, args=[sys.argv[1]])
    async with stdio_client(server) as (reading, writing):
        async with mcp.ClientSession(reading, writing) as client:
            await client.initialize()
            try:
                await client.call_tool("any", {}, read_timeout_seconds=datetime.timedelta(seconds=1))
            except mcp.McpError as error:
                print("the call is given up:", error)


print("mcp", importlib.metadata.version("mcp"))
try:
    asyncio.run(session())
except BaseExceptionGroup as group:
    print("leaving the session raises:", [type(error).__name__ for error in group.exceptions])
    sys.exit(0)
print("changed: the session was left in order")
sys.exit(1)
PYTHON
