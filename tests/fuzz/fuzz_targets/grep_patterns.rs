//! Patterns beside GNU grep: the body is `src/grep_patterns.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(grep_patterns);
