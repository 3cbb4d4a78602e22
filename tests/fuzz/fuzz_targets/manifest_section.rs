//! The manifest section of components: the body is `src/manifest_section.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(manifest_section);
