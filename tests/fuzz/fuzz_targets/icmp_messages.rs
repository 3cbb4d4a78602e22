//! ICMP messages, runs and traces: the body is `src/icmp_messages.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(icmp_messages);
