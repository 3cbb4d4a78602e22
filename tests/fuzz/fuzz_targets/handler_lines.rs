//! A session of the handler `lines`: the body is `src/handler_lines.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_lines);
