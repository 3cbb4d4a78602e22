//! A trigger script and what it is run with: the body is `src/trigger_scripts.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(trigger_scripts);
