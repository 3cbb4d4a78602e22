//! What kind of address it is: the body is `src/addresses.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(addresses);
