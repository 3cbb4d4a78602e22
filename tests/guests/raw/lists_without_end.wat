;; Claims: its list is as long as it says. Lists the same tool a hundred thousand times.
(func $list (result i32) (local $at i32) (local $n i32)
  (local.set $at (call $allocate (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 6800000)))
  (loop $again
    (memory.copy (i32.add (local.get $at) (i32.mul (local.get $n) (i32.const 68))) (i32.const 96) (i32.const 68))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 100000))))
  (i32.store (i32.const 168) (local.get $at))
  (i32.store (i32.const 172) (i32.const 100000))
  (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32) (call $alive))
