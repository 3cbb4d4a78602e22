;; Claims: it can hold a CPU for ever before it is even there. Its start function never ends.
(func $forever (loop $again (br $again)))
(start $forever)
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32) (call $alive))
