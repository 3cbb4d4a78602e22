//! A session of the handler `json`: the body is `src/handler_json.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_json);
