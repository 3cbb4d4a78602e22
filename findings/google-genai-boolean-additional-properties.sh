#!/bin/sh
# google-genai 3.6.1 fails on every tool of an MCP server if one schema has a boolean `additionalProperties`, which JSON Schema
# 2020-12 allows (section 10.3.2.3) and the MCP specification recommends for tools without parameters. Exits 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check google-genai==3.6.1 mcp==1.30.0
"$folder/venv/bin/python" - <<'PYTHON'
import importlib.metadata
import sys

import mcp
from google.genai import _mcp_utils

print("google-genai", importlib.metadata.version("google-genai"))
plain = mcp.types.Tool(name="plain", inputSchema={"type": "object", "properties": {"a": {"type": "string"}}})
closed = mcp.types.Tool(name="closed", inputSchema={"type": "object", "properties": {}, "additionalProperties": False})
print("without it:", len(_mcp_utils.mcp_to_gemini_tools([plain])), "tool converted")
try:
    _mcp_utils.mcp_to_gemini_tools([plain, closed])
except AttributeError as error:
    print("with it, no tool is converted:", error)
    sys.exit(0)
print("changed: both are converted")
sys.exit(1)
PYTHON
