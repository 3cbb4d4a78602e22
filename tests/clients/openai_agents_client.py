"""openai-agents over the six steps; see `steps.py`. Conversion: its `strict` mode, which makes every argument required; the failure
and the page are what it would show its model. One more call is made as a model in strict mode makes it: with `""` for every
optional text.
"""

import asyncio
import json

from agents import Agent, RunContextWrapper
from agents.mcp import MCPServerStdio, MCPUtil

import steps


async def main():
    told = steps.Steps("openai-agents", "mcp")
    command = {"command": steps.program, "args": steps.arguments, "env": steps.environment}
    async with MCPServerStdio(params=command, client_session_timeout_seconds=5) as server:
        context = RunContextWrapper(context=None)
        tools = {}

        async def lists():
            listed = await MCPUtil.get_function_tools(server, True, context, Agent(name="test"))
            tools.update({tool.name: tool for tool in listed})
            return f"{len(tools)} tools"

        async def converts():
            # A tool without arguments would need what google-genai fails on; it is called without `strict`.
            loose = [tool.name for tool in tools.values() if not tool.strict_json_schema and tool.params_json_schema["properties"]]
            assert not loose, f"not strict: {loose}"
            cat = tools["cat_tool"].params_json_schema
            assert set(cat["required"]) == set(cat["properties"]), cat
            return "strict, but for the one without arguments"

        async def shown(call):
            name, arguments = call
            tool = await server.list_tools()
            tool = next(one for one in tool if one.name == name)
            return await MCPUtil.invoke_mcp_tool(server, tool, context, json.dumps(arguments))

        async def pages():
            strict = {"file_path": steps.page, "cursor": ""}
            assert steps.paged(await shown(("cat_tool", strict))), "an empty cursor is none"
            return steps.paged(await shown(steps.PAGE))

        async def cancels():
            # It gives up after the 5 s of its session.
            try:
                await shown(steps.LONG)
                raise AssertionError("the call was answered")
            except AssertionError:
                raise
            except Exception as error:
                assert "imed out" in str(error), error
            steps.succeeded(await shown(steps.SUCCESS))
            return "given up after 5 s, the next call is answered"

        await told.run("list", lists)
        await told.run("convert", converts)

        for name, step in steps.calls(shown)[:2]:
            await told.run(name, step)
        await told.run("page", pages)
        await told.run("cancel", cancels)
    return told


asyncio.run(asyncio.wait_for(main(), 60)).print()
