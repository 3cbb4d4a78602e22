"""The official Python client, 1.x and 2.x, over the six steps; see `steps.py`. With `--close`, it closes while a call is pending,
and says whether that went well.
"""

import asyncio
import contextlib
import datetime
import json
import sys

close = sys.argv[1] == "--close"
if close:
    del sys.argv[1]

import jsonschema
import mcp
from mcp.client.stdio import stdio_client

import steps

server = mcp.StdioServerParameters(command=steps.program, args=steps.arguments, env=steps.environment)


@contextlib.asynccontextmanager
async def opened():
    if hasattr(mcp, "Client"):
        async with mcp.Client(server) as client:
            yield client
    else:
        async with stdio_client(server) as (reading, writing):
            async with mcp.ClientSession(reading, writing) as client:
                await client.initialize()
                yield client


def either(thing, *names):
    return next(getattr(thing, name) for name in names if hasattr(thing, name))


async def main():
    told = steps.Steps("mcp")
    async with opened() as client:
        tools = []

        async def lists():
            tools.extend((await client.list_tools()).tools)
            return f"{len(tools)} tools"

        async def converts():
            for tool in tools:
                for schema in (either(tool, "input_schema", "inputSchema"), either(tool, "output_schema", "outputSchema")):
                    jsonschema.Draft202012Validator.check_schema(schema)
            return "every schema is valid"

        async def shown(name, arguments):
            result = await client.call_tool(name, arguments)
            texts = "\n".join(block.text for block in result.content)
            return texts + steps.text(either(result, "structured_content", "structuredContent"))

        async def cancels():
            limit = 1.0 if hasattr(mcp, "Client") else datetime.timedelta(seconds=1)
            try:
                await client.call_tool(*steps.LONG, read_timeout_seconds=limit)
                raise AssertionError("the call was answered")
            except Exception as error:
                assert "imed out" in str(error) or "imeout" in type(error).__name__ + str(error), error
            steps.succeeded(await shown(*steps.SUCCESS))
            return "given up after 1 s, the next call is answered"

        await told.run("list", lists)
        await told.run("convert", converts)
        for name, call, check in [("success", steps.SUCCESS, steps.succeeded), ("failure", steps.FAILURE, steps.failed), ("page", steps.PAGE, steps.paged)]:

            async def one(call=call, check=check):
                return check(await shown(*call))

            await told.run(name, one)
        await told.run("cancel", cancels)
    return told


async def closes():
    """Leaves while a call is pending: whatever the server does then, nothing may break."""
    async with opened() as client:
        async with asyncio.TaskGroup() as group:
            pending = group.create_task(client.call_tool(*steps.LONG))
            await client.list_tools()
            # The call is under way, and the input is silent for a while before it ends.
            await asyncio.sleep(0.5)
            pending.cancel()
    print(json.dumps({"closed": True}))


if close:
    asyncio.run(asyncio.wait_for(closes(), 60))
else:
    asyncio.run(asyncio.wait_for(main(), 60)).print()
