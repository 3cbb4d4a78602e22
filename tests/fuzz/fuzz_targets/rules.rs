//! The rule language and the decision: the body is `src/rules.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(rules);
