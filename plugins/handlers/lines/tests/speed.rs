//! How quick `lines` is, in the quickest of many runs, so that other work on the machine does not
//! count: `cargo test --release -p lines-handler --test speed -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::hint::black_box;
use std::time::Instant;

use handler_kit::{Session, json};
use lines_handler::Lines;

#[test]
#[ignore = "it measures: see the head of this file"]
fn a_line_of_64_bytes_takes_well_under_a_microsecond() {
    let mut session = Session::<Lines>::new(json!({})).unwrap();
    let line = [[b'x'; 63].as_slice(), b"\n"].concat();
    let many = line.repeat(100);
    let single = time(1000, || drop(black_box(session.data(black_box(&line), 0))));
    let together = time(10, || drop(black_box(session.data(black_box(&many), 0)))) / 100.0;
    eprintln!("64 bytes: {single:.0} ns each by itself, {together:.0} ns each of 100 at once");
    assert!(single < 500.0 || cfg!(debug_assertions), "{single} ns");
}

/// The nanoseconds that the work takes.
fn time(times: u32, mut work: impl FnMut()) -> f64 {
    let run = |_| {
        let begin = Instant::now();
        (0..times).for_each(|_| work());
        begin.elapsed().as_secs_f64() * 1e9 / f64::from(times)
    };
    (0..2000).map(run).fold(f64::INFINITY, f64::min)
}
