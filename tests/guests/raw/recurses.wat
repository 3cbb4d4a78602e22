;; Claims: it can run the host's stack over. Arguments other than `{}` make it call itself without end.
(func $deeper (param i32) (result i32) (i32.add (call $deeper (local.get 0)) (i32.const 1)))
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32)
  (if (i32.gt_u (local.get 4) (i32.const 2)) (then (drop (call $deeper (local.get 0)))))
  (call $alive))
