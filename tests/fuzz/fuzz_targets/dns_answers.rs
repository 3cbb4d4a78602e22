//! DNS messages: the body is `src/dns_answers.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(dns_answers);
