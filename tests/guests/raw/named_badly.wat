;; Claims: it speaks through the host's messages. A function whose name has terminal escapes answers with what is no text.
(func $list (result i32) (call $one_tool))
(func $"\1b[2J\e2\80\ae forged" (param i32 i32 i32 i32 i32 i32 i32) (result i32)
  (i32.store (i32.const 80) (i32.const 0xf5c0fffe)) (call $alive))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32)
  (call $"\1b[2J\e2\80\ae forged" (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
    (local.get 5) (local.get 6))
  (if (i32.gt_u (local.get 4) (i32.const 2)) (then (unreachable))))
