"""google-genai over the steps that it has, see `steps.py`: it takes a session of the Python client and converts its tools into
declarations for Gemini; a call goes through its own adapter for such a session.
"""

import asyncio

import mcp
from google.genai import _mcp_utils, types
from mcp.client.stdio import stdio_client

import steps

server = mcp.StdioServerParameters(command=steps.program, args=steps.arguments, env=steps.environment)


async def main():
    told = steps.Steps("google-genai", "mcp")
    async with stdio_client(server) as (reading, writing), mcp.ClientSession(reading, writing) as session:
        await session.initialize()
        from google.genai._adapters import McpToGenAiToolAdapter

        tools = await session.list_tools()

        async def lists():
            return f"{len(tools.tools)} tools"

        async def converts():
            converted = _mcp_utils.mcp_to_gemini_tools(tools.tools)
            declared = [one.name for tool in converted for one in tool.function_declarations]
            assert len(declared) == len(tools.tools), declared
            return "all of them are declared"

        async def shown(call):
            adapter = McpToGenAiToolAdapter(session, tools)
            result = await adapter.call_tool(types.FunctionCall(name=call[0], args=call[1]))
            return result.model_dump(mode="json")

        for name, step in [("list", lists), ("convert", converts), *steps.calls(shown)]:
            await told.run(name, step)
    return told


asyncio.run(asyncio.wait_for(main(), 60)).print()
