//! Trigger scripts: a small language for what a pattern and a fixed response cannot answer. Pure:
//! no clock, no socket, no file; what matched and the time are handed in.
//!
//! The language is [rhai](https://rhai.rs) 1.27. Tried beside it, November 2026, newest versions,
//! as a `wasm32-wasip2` component (LTO, `opt-level = 3`) that runs one script (a loop over 16
//! numbers in a function, a text put together), in wasmtime 48:
//!
//! | language | size | engine | compile | run | faults name | bounds of its own |
//! |---|---|---|---|---|---|---|
//! | rhai 1.27.0, all of it | 2.70 MB | 209 µs | 17 µs | 10.0 µs | line, column, at run time as well | operations, calls, expressions, texts, lists, maps, variables |
//! | koto 0.16.1 | 1.73 MB | 41 µs | 36 µs | 7.0 µs | line, column, at run time as well | a time limit by a clock; no operations, no memory |
//! | rune 0.14.2 | 5.14 MB | 5,686 µs | 119 µs | 7.4 µs | line, column; at run time by a debug table | instructions, memory |
//! | piccolo 0.3.3 (Lua) | 0.71 MB | 20 µs | 35 µs | 12.2 µs | a line; nothing at run time | fuel, memory |
//! | starlark 0.14.3 | 5.42 MB | 5 µs | 11 µs | 0.9 µs | line, column, at run time as well | calls, rounds of loops, its heap: best effort, by its own words not against malice; the heap grows with every run until the program ends (4 MB after 20,000) |
//!
//! Boa 0.22.0 (JavaScript) was not built: it bounds loops, calls and its stack, not memory.
//! Mlua and rquickjs are C.
//!
//! Rhai is the one that bounds operations, depth and the size of each value, and names a place for
//! every fault. What it lacks is added here: memory as a whole (the allocator is asked at each
//! operation), the cost of helpers, names that are checked before anything runs, and lists and maps
//! compared and shown within the stack. With all helpers it is a component of 3.0 MB; a program is
//! made in 0.1 ms, a run of a line takes 2 µs, one with a hash 5 µs, the dearest that the bounds
//! let through 0.6 s (`examples/measure.rs`, the same wasmtime). Of these, rhai's own code is 1.1
//! MB; `opt-level = "s"` makes it no smaller. The deepest run needs half a MiB of stack.
//!
//! `no_optimize`, `only_i64` and leaving out modules, shared values, times and its blobs make it
//! smaller; `unchecked` would remove the bounds and is never used. `compact_str` takes the place of
//! smartstring, which nobody maintains.

mod bytes;
mod fault;
mod helpers;
mod language;
mod limits;
mod names;
mod program;
mod turn;

#[cfg(target_arch = "wasm32")]
mod component;

pub use fault::{Fault, Kind};
pub use limits::Limits;
pub use program::Program;
pub use turn::{Group, Input, Outcome, Piece};

/// The language in a few words, for whoever is about to write a script: at most 600 bytes.
pub const SUMMARY: &str = "rhai, run at each match. Given: matched, group(n or name) (bytes), message, now (ms), fired, \
state (a map, kept). Act: send(text or bytes), send_message(map), stop(), close(why), note(text), count(name). \
Bytes: b[i], b[a..b], a + b, bytes, text, len, slice, split, trim, index_of, hex, unhex, base64, unbase64, \
pack(\"u8 u16be\", [..]), unpack, crc16(\"modbus\", b), crc32(\"ieee\", b), md5, sha1, sha256, hmac(\"md5\", key, b), \
find(regex, b), parse_json, to_json. Example: send(\"PONG \" + group(1) + \"\\r\\n\");";

/// The reference, in Markdown.
pub const REFERENCE: &str = include_str!("../../README.md");

/// Every name that a script may call, for the tests of the reference.
#[doc(hidden)]
pub fn names() -> impl Iterator<Item = &'static str> {
    names::NAMES.iter().map(|(name, ..)| *name)
}
