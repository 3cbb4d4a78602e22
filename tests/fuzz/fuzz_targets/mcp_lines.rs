//! Lines of MCP: the body is `src/mcp_lines.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(mcp_lines);
