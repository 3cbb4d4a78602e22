;; Claims: it can hold a CPU for ever when it is asked for its tools.
(func $list (result i32) (loop $again (br $again)) (unreachable))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32) (call $alive))
