//! A session of the handler `modbus`: the body is `src/handler_modbus.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_modbus);
