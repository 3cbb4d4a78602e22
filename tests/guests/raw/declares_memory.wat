;; Claims: what is there from the beginning is not counted. Declares a second memory of 4 GiB.
(memory 65536)
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32) (call $alive))
