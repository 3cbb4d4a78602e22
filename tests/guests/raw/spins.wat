;; Claims: it can hold a processor for ever. Arguments other than `{}` make it compute without end.
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32)
  (if (i32.gt_u (local.get 4) (i32.const 2)) (then (loop $again (br $again))))
  (call $alive))
