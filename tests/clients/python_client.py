"""A session of the official Python client with a server on its pipes: lists the tools, calls every one of them against the echo
peer on a port, and prints what came as one JSON object. The client checks each structured answer against its output schema.

Usage: python_client.py legacy|auto PORT FILE PROGRAM ARGUMENT...
"""

import asyncio
import contextlib
import json
import os
import sys

import mcp
from mcp.client.stdio import stdio_client

mode, port, file, program, *arguments = sys.argv[1:]
port = int(port)
server = mcp.StdioServerParameters(command=program, args=arguments, env={"HOME": os.environ["HOME"]})


@contextlib.asynccontextmanager
async def session():
    """Both generations of the client, as their own documentation opens them."""
    if hasattr(mcp, "Client"):
        async with mcp.Client(server, mode=mode) as client:
            yield client, client.protocol_version
    else:
        async with stdio_client(server) as (reading, writing):
            async with mcp.ClientSession(reading, writing) as client:
                yield client, (await client.initialize()).protocolVersion


def either(thing, *names):
    """The first of these attributes: 2.x spells them in another way."""
    return next(getattr(thing, name) for name in names if hasattr(thing, name))


async def main():
    reports = []

    async def progress(done, total, message):
        reports.append([done, total, message])

    async with session() as (client, protocol):
        tools = (await client.list_tools()).tools
        for tool in tools:
            assert either(tool, "input_schema", "inputSchema")["type"] == "object", tool
            assert either(tool, "output_schema", "outputSchema")["type"] == "object", tool

        answers = []

        async def call(name, /, **given):
            result = await client.call_tool(name, given, progress_callback=progress)
            is_error = either(result, "is_error", "isError")
            text = json.loads(result.content[0].text)
            if not is_error:
                assert either(result, "structured_content", "structuredContent") == text, result
            answers.append([name, is_error, text])
            return text

        one = {"connection_id": "one"}
        await call("tcp_set_trigger", **one, trigger_id="pong", pattern="^PING (.*)", response="PONG $1", response_terminator="0a")
        await call("tcp_connect", **one, host="127.0.0.1", port=port)
        await call("tcp_send", **one, data="hello PING\nPING 7\n")
        await call("tcp_wait", **one, until="pattern", pattern="^PONG 7$", timeout_ms=5000)
        await call("tcp_read_buffer", **one, format="utf-8", offset=0)
        await call("tcp_buffer_info", **one)
        await call("tcp_connection_info", **one)
        await call("tcp_list_connections")
        await call("tcp_remove_trigger", **one, trigger_id="pong")
        await call("tcp_clear_buffer", **one)
        await call("tcp_wait", **one, until="bytes", bytes=1, timeout_ms=1500)
        await call("tcp_connect_and_send", connection_id="two", host="localhost", port=port, data="ff00", encoding="hex")
        await call("tcp_disconnect", **one)
        await call("tcp_send", **one, data="x")
        # A handler makes messages of lines; what is sent comes back.
        await call("handlers_list", name="lines")
        await call("tcp_set_handler", connection_id="two", handler="lines", handler_config={"end": "lf"})
        await call("tcp_send_message", connection_id="two", message={"line": "a line"})
        await call("tcp_messages", connection_id="two", until=1)
        await call("tcp_set_handler", connection_id="two", handler="redis")
        await call("tcp_request", connection_id="two", message={"command": "PING"}, timeout_ms=2000)
        # Calls at once, as a model makes them.
        many = [call("tcp_wait", connection_id="two", until="bytes", bytes=2, **{"from": 0}, format="hex") for _ in range(8)]
        assert all(answer["data"] == "ff00" for answer in await asyncio.gather(*many))

        # Tools that have text of their own beside the structured answer, which the client has checked when it is here.
        shown = []

        async def show(name, **given):
            result = await client.call_tool(name, given)
            assert not either(result, "is_error", "isError"), result
            assert either(result, "structured_content", "structuredContent"), result
            shown.append([name, result.content[0].text])

        await show("telnet_tool", target="127.0.0.1", port=port, timeout=1)
        await show("cat_tool", file_path=file)
        await show("head_tool", file_path=file)
        await show("tail_tool", file_path=file)
        await show("grep_tool", file_path=file, pattern="line", options="-n")
        await show("ls_tool", file_path=os.path.dirname(file))
        await show("stat_tool", file_path=file)
        print(json.dumps({"shown": shown, "protocol": protocol, "tools": [tool.name for tool in tools], "answers": answers, "progress": reports}))


asyncio.run(asyncio.wait_for(main(), 60))
