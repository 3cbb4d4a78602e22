//! A session of the handler `frames`: the body is `src/handler_frames.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_frames);
