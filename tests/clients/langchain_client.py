"""langchain-mcp-adapters over the six steps; see `steps.py`. Conversion: into the form that OpenAI's API takes; what is shown is the
message that a tool call becomes.
"""

import asyncio

from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools

import steps


async def main():
    told = steps.Steps("langchain-mcp-adapters", "mcp")
    command = {"transport": "stdio", "command": steps.program, "args": steps.arguments, "env": steps.environment}
    client = MultiServerMCPClient({"cofferdam": command})
    async with client.session("cofferdam") as session:
        tools = {}

        async def lists():
            tools.update({tool.name: tool for tool in await load_mcp_tools(session)})
            return f"{len(tools)} tools"

        async def converts():
            for tool in tools.values():
                assert convert_to_openai_tool(tool)["function"]["name"] == tool.name
            return "all of them are functions"

        async def shown(call):
            tool = tools[call[0]]
            tool.handle_tool_error = True
            message = await tool.ainvoke({"type": "tool_call", "id": "1", "name": call[0], "args": call[1]})
            return steps.text(message.content)

        async def cancels():
            try:
                await asyncio.wait_for(shown(steps.LONG), 1)
                raise AssertionError("the call was answered")
            except TimeoutError:
                pass
            steps.succeeded(await shown(steps.SUCCESS))
            return "given up after 1 s, the next call is answered"

        for name, step in [("list", lists), ("convert", converts), *steps.calls(shown), ("cancel", cancels)]:
            await told.run(name, step)
    return told


asyncio.run(asyncio.wait_for(main(), 60)).print()
