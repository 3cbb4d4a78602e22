"""pydantic-ai over the six steps; see `steps.py`. It runs an agent whose model is a function of this script: what the function is
given is what a model would be shown.
"""

import asyncio

import pydantic_ai
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

import steps


def toolset():
    """The class that this version has for a server on pipes."""
    try:
        from pydantic_ai.mcp import MCPServerStdio

        return MCPServerStdio(steps.program, steps.arguments, env=steps.environment, timeout=20, read_timeout=3)
    except ImportError:
        from fastmcp.client.transports import StdioTransport
        from pydantic_ai.mcp import MCPToolset

        return MCPToolset(StdioTransport(steps.program, steps.arguments, env=steps.environment), read_timeout=3)


async def main():
    told = steps.Steps("pydantic-ai-slim", "mcp")
    server = toolset()
    offered, returned = [], []

    async def shown(call):
        """Lets the agent make one call, and gives what its model is shown of it."""
        returned.clear()

        async def model(messages, info):
            offered[:] = info.function_tools
            for message in messages:
                returned.extend(part for part in message.parts if part.part_kind in ("tool-return", "retry-prompt"))
            if returned:
                return ModelResponse(parts=[TextPart("done")])
            return ModelResponse(parts=[ToolCallPart(*call)])

        await Agent(FunctionModel(model), toolsets=[server], retries=2).run("go")
        return "\n".join(steps.text(part.content) for part in returned)

    async with server:

        async def lists():
            await shown(steps.SUCCESS)
            return f"{len(offered)} tools"

        async def converts():
            assert all(tool.parameters_json_schema["type"] == "object" for tool in offered), offered
            return "every schema is an object"

        async def success():
            return steps.succeeded(await shown(steps.SUCCESS))

        async def failure():
            return steps.failed(await shown(steps.FAILURE))

        async def page():
            return steps.paged(await shown(steps.PAGE))

        async def cancels():
            try:
                await shown(steps.LONG)
            except Exception as error:
                assert "imed out" in str(error) or "retries" in str(error), error
            steps.succeeded(await shown(steps.SUCCESS))
            return "given up after 3 s, the next call is answered"

        for name, step in [("list", lists), ("convert", converts), ("success", success), ("failure", failure), ("page", page), ("cancel", cancels)]:
            await told.run(name, step)
    return told


asyncio.run(asyncio.wait_for(main(), 90)).print()
