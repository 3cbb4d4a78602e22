//! A session of the handler `http1`: the body is `src/handler_http1.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_http1);
