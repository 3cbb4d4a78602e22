;; Claims: the host reads where it is pointed to. Answers with a text that lies beyond its memory, if its arguments are other
;; than `{}`.
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32)
  (if (i32.gt_u (local.get 4) (i32.const 2)) (then (i32.store (i32.const 224) (i32.const 0x7fffffff))))
  (call $alive))
