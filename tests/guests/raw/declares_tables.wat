;; Claims: what is there from the beginning is not counted. Declares a table of fifty million elements.
(table 50000000 funcref)
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32) (call $alive))
