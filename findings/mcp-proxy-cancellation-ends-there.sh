#!/bin/sh
# The bridge mcp-proxy 0.13.0 of PyPI (with mcp 1.30.0) stands between a client on HTTP and a server on stdio.
# A cancellation ends at the bridge. The client is told "Request cancelled", and the server behind is never told and
# works on. The MCP specification (basic utilities, cancellation) has the receiver stop the work and not respond.
# Progress arrives by the older transport (HTTP+SSE) and is lost by Streamable HTTP, on the same port of one process.
# The bridge asks the server for it in both cases. By Streamable HTTP it answers the call as plain JSON, which has no
# room for notifications, and the stream that the client holds open by GET stays empty.
# So a client that waits longer while there is progress gives up early and cancels, and the server works on all the
# same.
# Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check mcp-proxy==0.13.0 mcp==1.30.0
} || { echo "the packages cannot be had"; exit 2; }
cat >"$folder/server.py" <<'PYTHON'
# A tool that tells two steps of progress if asked to, and answers after a second; the log has each cancellation.
import json
import sys
import threading

lock = threading.Lock()


def send(**message):
    with lock:
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


running = {}
for line in sys.stdin:
    message = json.loads(line)
    method, params, id = message.get("method"), message.get("params") or {}, message.get("id")
    with open(sys.argv[1], "a") as log:
        token = (params.get("_meta") or {}).get("progressToken")
        print(method, "with a progress token" if token is not None else "", file=log)
    if method == "notifications/cancelled" and params["requestId"] in running:
        running.pop(params["requestId"]).cancel()
    if id is None:
        continue
    if method == "initialize":
        about = {"capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
        send(id=id, result={"protocolVersion": params["protocolVersion"], **about})
    elif method == "tools/list":
        send(id=id, result={"tools": [{"name": "slow", "inputSchema": {"type": "object"}}]})
    elif method == "tools/call":
        for step in (1, 2) if token is not None else ():
            progress = {"progressToken": token, "progress": step, "total": 2}
            send(method="notifications/progress", params=progress)
        running[id] = threading.Timer(1, send, kwargs={"id": id, "result": {"content": []}})
        running[id].daemon = True
        running[id].start()
    else:
        send(id=id, result={})
PYTHON
cd "$folder"
venv/bin/python - <<'PYTHON'
import importlib.metadata
import json
import socket
import subprocess
import sys
import threading
import time

import httpx

for name in ("mcp-proxy", "mcp"):
    print(name, importlib.metadata.version(name))
about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
call = {"name": "slow", "arguments": {}}
session = [
    {"id": 0, "method": "initialize", "params": about},
    {"method": "notifications/initialized"},
    {"id": 10, "method": "tools/call", "params": {**call, "_meta": {"progressToken": "mine"}}},
    {"id": 11, "method": "tools/call", "params": call},
    {"method": "notifications/cancelled", "params": {"requestId": 11, "reason": "no longer wanted"}},
]


def told(messages, log):
    """What a client is told, and what the server behind has read, of the two calls."""
    steps = [m["params"]["progress"] for m in messages if m.get("method") == "notifications/progress"]
    answers = [m for m in messages if m.get("id") == 11]
    error = answers[0]["error"]["message"] if answers and "error" in answers[0] else None
    seen = open(log).read()
    found = {
        "progress": steps,
        "answer to the cancelled call": error,
        "server is asked for progress": "tools/call with a progress token" in seen,
        "server is told of the cancellation": "notifications/cancelled" in seen,
    }
    for title, value in found.items():
        print(f"   {title}:", value)
    return list(found.values())


def direct():
    server = subprocess.Popen(
        [sys.executable, "server.py", "direct.log"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    for message in session:
        server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        server.stdin.flush()
        time.sleep(0.3 if message.get("id") != 10 else 1.5)
    time.sleep(1.5)
    server.stdin.close()
    return [json.loads(line) for line in server.stdout]


def bridge(log):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["venv/bin/mcp-proxy", "--port", str(port), "--", sys.executable, "server.py", log]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.1)
    process.kill()
    print("the bridge does not listen")
    sys.exit(2)


def events(address, headers, messages, first=None):
    """Reads a stream of events for ten seconds; the first line of data goes to `first` if there is one."""
    try:
        with httpx.stream("GET", address, headers=headers, timeout=10) as stream:
            for line in stream.iter_lines():
                data = line.removeprefix("data:").strip()
                if line.startswith("data:") and data.startswith("/"):
                    first.append(data)
                elif line.startswith("data:"):
                    messages.append(json.loads(data))
    except httpx.TransportError:
        pass


def by_sse():
    process, base = bridge("sse.log")
    messages, path = [], []
    try:
        threading.Thread(target=events, args=(base + "/sse", {}, messages, path), daemon=True).start()
        until = time.monotonic() + 10
        while not path and time.monotonic() < until:
            time.sleep(0.1)
        for message in session:
            httpx.post(base + path[0], json={"jsonrpc": "2.0", **message}, timeout=10)
            time.sleep(0.3 if message.get("id") != 10 else 1.5)
        time.sleep(1.5)
    finally:
        process.kill()
        process.wait()
    return messages


def by_streamable_http():
    process, base = bridge("http.log")
    messages = []
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18"}

    def post(message):
        answer = httpx.post(base + "/mcp", headers=headers, json={"jsonrpc": "2.0", **message}, timeout=10)
        if "mcp-session-id" in answer.headers:
            headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        for line in answer.text.splitlines():
            if line.startswith(("{", "data:")):
                messages.append(json.loads(line.removeprefix("data:")))

    try:
        post(session[0])
        post(session[1])
        threading.Thread(target=events, args=(base + "/mcp", dict(headers), messages), daemon=True).start()
        time.sleep(0.5)
        post(session[2])
        given_up = threading.Thread(target=post, args=(session[3],), daemon=True)
        given_up.start()
        time.sleep(0.3)
        post(session[4])
        given_up.join(10)
        time.sleep(1.5)
    finally:
        process.kill()
        process.wait()
    return messages


print("without a bridge:")
alone = told(direct(), "direct.log")
print("by HTTP+SSE:")
older = told(by_sse(), "sse.log")
print("by Streamable HTTP:")
newer = told(by_streamable_http(), "http.log")
if alone != [[1, 2], None, True, True] or older[0] != [1, 2] or newer[2] is not True:
    sys.exit(2)
as_described = newer == [[], "Request cancelled", True, False] and older[1:] == ["Request cancelled", True, False]
sys.exit(0 if as_described else 1)
PYTHON
