//! A session of the handler `irc`: the body is `src/handler_irc.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_irc);
