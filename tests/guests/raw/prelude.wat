;; What raw guests share: a memory with the texts of one tool and one answer in it, laid out as the canonical ABI has them,
;; and an allocator that never frees. A guest adds its functions `$list` and `$call`, and whatever it claims.
(memory (export "memory") 4)
(global $next (mut i32) (i32.const 65536))
(func $allocate (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
  ;; The third is the alignment, 8 at most, the fourth the size.
  (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
  (global.set $next (i32.add (local.get $at) (local.get 3)))
  (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
    (then (drop (memory.grow (i32.add (i32.div_u (local.get 3) (i32.const 65536)) (i32.const 1))))))
  (local.get $at))
(data (i32.const 16) "raw")
(data (i32.const 32) "Answers.")
(data (i32.const 48) "{\22type\22:\22object\22}")
(data (i32.const 80) "alive")
;; At 96 the tool `raw`: name, title, description, input schema, output schema, hints, meta. At 168 the list of it.
(data (i32.const 96) "\10\00\00\00\03\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00" "\20\00\00\00\08\00\00\00"
  "\30\00\00\00\11\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00"
  "\00\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 168) "\60\00\00\00\01\00\00\00")
;; At 216 a block, the text `alive`: 80 bytes, the text at 224. At 176 the outcome with it: `done`, the blocks at 184, nothing structured.
(data (i32.const 216) "\00\00\00\00\00\00\00\00" "\50\00\00\00\05\00\00\00")
(data (i32.const 176) "\00\00\00\00" "\00\00\00\00" "\d8\00\00\00\01\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00")
(func $one_tool (result i32) (i32.const 168))
(func $alive (result i32) (i32.const 176))
(export "list" (func $list))
(export "call" (func $call))
