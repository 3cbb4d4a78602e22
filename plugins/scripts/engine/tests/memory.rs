//! Memory as a whole, as this process's allocator counts it: one test, so that no other test
//! allocates beside it.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use script::{Input, Kind, Limits, Program};

#[global_allocator]
static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

#[test]
fn a_run_ends_before_the_memory_does() {
    let before = MEMORY.allocated();
    let limits = Limits { memory: before + (8 << 20), operations: 1_000_000, ..Limits::default() };
    let run = |source: &str| {
        Program::new(source, limits, || MEMORY.allocated()).and_then(|mut program| program.run(Input::default()))
    };
    // Each value is within its own limit; all of them are not.
    let many = |values: u32| format!("let l = []; for i in 0..{values} {{ l.push(repeat(bytes(\"x\"), 60000)); }}");
    let fault = run(&many(1000)).unwrap_err();
    assert_eq!(fault.kind, Kind::Limit, "{fault}");
    assert!(fault.message.contains("bytes of memory in use") && fault.at.is_some(), "{fault}");
    run(&many(20)).unwrap();

    // What is kept counts as well, and a run that goes over it keeps nothing.
    let source = "let l = state.l ?? []; for i in 0..60 { l.push(repeat(bytes(\"x\"), 60000)); } state.l = l; send(`${l.len()}`);";
    let mut program = Program::new(source, limits, || MEMORY.allocated()).unwrap();
    program.run(Input::default()).unwrap();
    program.run(Input::default()).unwrap();
    let held = MEMORY.allocated();
    for _ in 0..3 {
        assert_eq!(program.run(Input::default()).unwrap_err().kind, Kind::Limit);
        assert!(MEMORY.allocated() <= held + 4096, "what a run has used is given back");
    }
    drop(program);
    assert!(MEMORY.allocated() < before + (1 << 20), "nothing stays of a program");
}
