//! Pages of files: the body is `src/file_pages.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(file_pages);
