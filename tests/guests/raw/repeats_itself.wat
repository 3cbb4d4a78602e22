;; Claims: few bytes here are many there. Answers with one MiB of text, four thousand times the same, if its arguments are other
;; than `{}`.
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32) (local $at i32) (local $n i32)
  (if (i32.gt_u (local.get 4) (i32.const 2)) (then
    (local.set $at (call $allocate (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 2097152)))
    (drop (memory.grow (i32.const 64)))
    (memory.fill (i32.add (local.get $at) (i32.const 393216)) (i32.const 0x78) (i32.const 1048576))
    (loop $again
      (i32.store offset=8 (i32.add (local.get $at) (i32.mul (local.get $n) (i32.const 80))) (i32.add (local.get $at) (i32.const 393216)))
      (i32.store offset=12 (i32.add (local.get $at) (i32.mul (local.get $n) (i32.const 80))) (i32.const 1048576))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 4000))))
    (i32.store (i32.const 184) (local.get $at))
    (i32.store (i32.const 188) (i32.const 4000))))
  (call $alive))
