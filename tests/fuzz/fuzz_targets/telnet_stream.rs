//! A telnet server's stream: the body is `src/telnet_stream.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(telnet_stream);
