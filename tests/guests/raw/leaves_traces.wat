;; Claims: it finds what an instance before it has left, in memory that it wrote or grew, a global, a table or its own texts. It answers
;; where it finds nothing; so its first call is the allowed twin, and the second in one instance traps.
(global $called (mut i32) (i32.const 0))
(table $cells 8 funcref)
(elem declare func $alive)
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32) (local $at i32)
  (if (global.get $called) (then unreachable))
  (if (i32.eqz (ref.is_null (table.get $cells (i32.const 3)))) (then unreachable))
  ;; "Answ"
  (if (i32.ne (i32.load (i32.const 32)) (i32.const 0x77736e41)) (then unreachable))
  ;; More than is kept ready between two instances.
  (if (i32.ne (memory.size) (i32.const 4)) (then unreachable))
  (if (i32.lt_s (memory.grow (i32.const 68)) (i32.const 0)) (then unreachable))
  (local.set $at (i32.const 196608))
  (loop $pages
    (if (i32.load (local.get $at)) (then unreachable))
    (i32.store (local.get $at) (i32.const 0x5a5a5a5a))
    (local.set $at (i32.add (local.get $at) (i32.const 1024)))
    (br_if $pages (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
  (global.set $called (i32.const 1))
  (table.set $cells (i32.const 3) (ref.func $alive))
  (i32.store (i32.const 32) (i32.const 0))
  (call $alive))
