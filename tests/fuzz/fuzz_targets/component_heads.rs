//! The imports of components: the body is `src/component_heads.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(component_heads);
