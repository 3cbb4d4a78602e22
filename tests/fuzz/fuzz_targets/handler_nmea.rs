//! A session of the handler `nmea`: the body is `src/handler_nmea.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_nmea);
