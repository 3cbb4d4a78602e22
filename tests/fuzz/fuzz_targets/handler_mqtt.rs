//! A session of the handler `mqtt`: the body is `src/handler_mqtt.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_mqtt);
