//! Hex, terminators and base64: the body is `src/encodings.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(encodings);
