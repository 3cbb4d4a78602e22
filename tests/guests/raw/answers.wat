;; Claims nothing: the allowed twin of all that are written this way.
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32) (call $alive))
