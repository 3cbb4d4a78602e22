//! A session of the handler `smtp`: the body is `src/handler_smtp.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_smtp);
