"""pydantic-ai over the six steps; see `steps.py`. It runs an agent whose model is a function of this script: what the function is
given is what a model would be shown. Conversion: what it makes of each schema for OpenAI's models, strict or not, and for Google's.
"""

import asyncio
import copy

import pydantic_ai
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.profiles.google import GoogleJsonSchemaTransformer
from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer

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
            for tool in offered:
                schema = tool.parameters_json_schema
                made = [OpenAIJsonSchemaTransformer(copy.deepcopy(schema), strict=strict).walk() for strict in (True, False)]
                made += [GoogleJsonSchemaTransformer(copy.deepcopy(schema)).walk()]
                for one in made:
                    assert one["type"] == "object" and set(one["properties"]) == set(schema["properties"]), (tool.name, one)
                    for name, argument in schema["properties"].items():
                        assert argument["description"] in one["properties"][name]["description"], (tool.name, name, one)
                assert set(made[0]["required"]) == set(schema["properties"]) and made[0]["additionalProperties"] is False, made[0]
                assert made[1].get("required") == schema.get("required") == made[2].get("required"), made
            return "every argument is there for OpenAI's models, strict or not, and for Google's"

        async def cancels():
            try:
                await shown(steps.LONG)
            except Exception as error:
                assert "imed out" in str(error) or "retries" in str(error), error
            steps.succeeded(await shown(steps.SUCCESS))
            return "given up after 3 s, the next call is answered"

        for name, step in [("list", lists), ("convert", converts), *steps.calls(shown), ("cancel", cancels)]:
            await told.run(name, step)
    return told


asyncio.run(asyncio.wait_for(main(), 90)).print()
