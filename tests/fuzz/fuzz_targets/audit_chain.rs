//! The audit file under forgery: the body is `src/audit_chain.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(audit_chain);
