//! Policy files: the body is `src/policy_files.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(policy_files);
