//! A session of the handler `redis`: the body is `src/handler_redis.rs`.

#![cfg_attr(fuzzing, no_main)]

cofferdam_fuzz::main!(handler_redis);
