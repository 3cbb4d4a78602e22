;; Claims: what it says is text. Answers with bytes that are not UTF-8 if its arguments are other than `{}`.
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32)
  (if (i32.gt_u (local.get 4) (i32.const 2)) (then (i32.store (i32.const 80) (i32.const 0xf5c0fffe))))
  (call $alive))
