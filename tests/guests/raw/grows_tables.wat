;; Claims: it can eat the host's memory by tables, which its linear memory's limit does not count. Grows one by 100 elements,
;; and with arguments other than `{}` by fifty million; a growth that is refused is a trap.
(table $t 1 funcref)
(func $list (result i32) (call $one_tool))
(func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32)
  (if (i32.eq (i32.const -1)
    (table.grow $t (ref.null func) (select (i32.const 50000000) (i32.const 100) (i32.gt_u (local.get 4) (i32.const 2)))))
    (then (unreachable)))
  (call $alive))
