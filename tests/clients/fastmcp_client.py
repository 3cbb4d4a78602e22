"""fastmcp's client over the six steps; see `steps.py`. Conversion: every tool's schemas are valid, and each structured answer is
read as the type that fastmcp makes of the output schema.
"""

import asyncio

import jsonschema
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

import steps


async def main():
    told = steps.Steps("fastmcp", "mcp")
    transport = StdioTransport(steps.program, steps.arguments, env=steps.environment)
    async with Client(transport) as client:
        tools = []

        async def lists():
            tools.extend(await client.list_tools())
            return f"{len(tools)} tools"

        async def converts():
            for tool in tools:
                dumped = tool.model_dump(by_alias=True)
                for schema in (dumped["inputSchema"], dumped["outputSchema"]):
                    jsonschema.Draft202012Validator.check_schema(schema)
            data = (await client.call_tool(*steps.SUCCESS)).data
            assert data.total_connections == 0, data
            return "schemas are valid, answers are typed"

        async def shown(call):
            result = await client.call_tool(*call, raise_on_error=False)
            return "\n".join(block.text for block in result.content) + steps.text(result.structured_content)

        async def cancels():
            try:
                await client.call_tool(*steps.LONG, timeout=1)
                raise AssertionError("the call was answered")
            except AssertionError:
                raise
            except Exception:
                pass
            steps.succeeded(await shown(steps.SUCCESS))
            return "given up after 1 s, the next call is answered"

        await told.run("list", lists)
        await told.run("convert", converts)
        for name, call, check in [("success", steps.SUCCESS, steps.succeeded), ("failure", steps.FAILURE, steps.failed), ("page", steps.PAGE, steps.paged)]:

            async def one(call=call, check=check):
                return check(await shown(call))

            await told.run(name, one)
        await told.run("cancel", cancels)
    return told


asyncio.run(asyncio.wait_for(main(), 60)).print()
