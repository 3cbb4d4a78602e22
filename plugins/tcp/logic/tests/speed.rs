//! Timing checks, left out of the usual run:
//! `cargo test --release --test speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use tcp_logic::buffer::ReceiveBuffer;
use tcp_logic::encoding::Encoding;
use tcp_logic::pattern::Pattern;
use tcp_logic::trigger::Trigger;
use tcp_logic::trigger_set::TriggerSet;
use tcp_logic::wait::{Progress, Until, Wait};

fn set(patterns: &[(&str, &str)]) -> TriggerSet {
    let mut set = TriggerSet::default();
    for (pattern, response) in patterns {
        set.set(Trigger::new(pattern, pattern, response, Encoding::Utf8, None).unwrap()).unwrap();
    }
    set
}

const FOUR: &[(&str, &str)] = &[
    ("^PING :?(.*)\\r\\n", "PONG $1"),
    ("(?s)<item>(.*?)</item>", "$1"),
    ("(?i)error: \\w+", "noted"),
    ("\\xff\\xfd(.)", "$1"),
];

#[test]
#[ignore = "timing"]
fn receiving() {
    let chunk = vec![7; 64 << 10];
    let mut buffer = ReceiveBuffer::default();
    for _ in 0..2 {
        let start = Instant::now();
        for _ in 0..(512 << 20) / chunk.len() {
            if buffer.space() < chunk.len() {
                buffer.clear();
            }
            buffer.push(&chunk);
        }
        let speed = 0.5 / start.elapsed().as_secs_f64();
        println!("receive 512 MiB in 64 KiB chunks: {speed:.1} GiB/s");
    }
}

#[test]
#[ignore = "timing"]
fn single_bytes() {
    let line = b":server NOTICE you :nothing to see, error 7, <item of news>\r\n";
    let data: Vec<u8> = line.iter().copied().cycle().take(1 << 20).collect();
    let mut set = set(FOUR);
    let start = Instant::now();
    for byte in data.chunks(1) {
        assert!(set.push(byte, Duration::ZERO).is_empty());
    }
    println!("1 MiB in single bytes, 4 triggers: {:?}, {} bytes of heap", start.elapsed(), set.heap_bytes());
    assert!(start.elapsed() < Duration::from_secs(1));
    for segment in [4 << 10, 64 << 10] {
        let start = Instant::now();
        for segment in data.chunks(segment) {
            set.push(segment, Duration::ZERO);
        }
        println!("1 MiB in {segment} byte segments, 4 triggers: {:?}", start.elapsed());
    }
    let start = Instant::now();
    let mut buffer = ReceiveBuffer::default();
    let mut wait = Wait::new(Until::Pattern(Pattern::new("^NEVER").unwrap()), 0, Duration::ZERO);
    for byte in data.chunks(1) {
        buffer.push(byte);
        wait.poll(&buffer, false, Duration::ZERO);
    }
    println!("1 MiB in single bytes, a wait polled for each: {:?}", start.elapsed());
    while buffer.space() > data.len() {
        buffer.push(&data);
    }
    let start = Instant::now();
    let mut wait = Wait::new(Until::Pattern(Pattern::new("^NEVER").unwrap()), 0, Duration::ZERO);
    let mut polls = 1;
    while wait.poll(&buffer, false, Duration::ZERO) == (Progress::Pending { wake_at: Some(Duration::ZERO) }) {
        polls += 1;
    }
    println!("a wait over {} MiB held: {:?} in {polls} polls", buffer.total_bytes() >> 20, start.elapsed());
}

#[test]
#[ignore = "timing"]
fn firing() {
    let mut set = set(&[("^PING (.*)\\r\\n", "PONG $1")]);
    let start = Instant::now();
    let mut fired = 0;
    for second in 0..100_000u64 {
        fired += set.push(b"PING abc\r\n", Duration::from_secs(second)).len();
    }
    println!("PING to PONG: {:?} each, {fired} fired, {} bytes of heap", start.elapsed() / 100_000, set.heap_bytes());
}

#[test]
#[ignore = "timing"]
fn the_worst_patterns() {
    let a = vec![b'a'; 64 << 10];
    let mut noise = 1u32;
    let mixed: Vec<u8> = (0..64 << 10)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"ab\ncxyz "[(noise >> 29) as usize]
        })
        .collect();
    for pattern in [
        "(a+)+z",
        "(?s)a.{0,500}z",
        "[ab]*a[ab]{300}z",
        "(?:a?){900}a{900}z",
        "(?:[a-c]+[b-x]+){200}!",
        "(?s)(.*)(.*)(.*)z",
        "(?s)(?:a.{0,40}){20}!",
        "(?s)(?:.{0,9}|a){99}!",
        "(?s)(a.*z|a)",
        "(?s)(.)",
        "(?:\\w{1,40}\\s){10}!",
    ] {
        let start = Instant::now();
        let Ok(trigger) =
            Trigger::new("t", pattern, if pattern.contains("(.") { "$1" } else { "x" }, Encoding::Utf8, None)
        else {
            println!("{pattern:<26} refused");
            continue;
        };
        let compile = start.elapsed();
        let mut times = Vec::new();
        let mut heap = 0;
        for data in [&a, &mixed] {
            let mut set = TriggerSet::default();
            set.set(trigger.clone()).unwrap();
            let start = Instant::now();
            set.push(data, Duration::ZERO);
            times.push(start.elapsed());
            let start = Instant::now();
            for byte in data[..4096].chunks(1) {
                set.push(byte, Duration::ZERO);
            }
            times.push(start.elapsed());
            heap = heap.max(set.heap_bytes());
        }
        println!(
            "{pattern:<26} compile {compile:<10.1?} 64 KiB of a / 4 KiB single / 64 KiB mixed / single {times:.1?} heap {heap}"
        );
    }
}

#[test]
#[ignore = "timing"]
fn idle_memory() {
    let mut set = set(FOUR);
    println!("a set of 4 before any data: {} bytes", set.heap_bytes());
    set.push(b"220 ready\r\n", Duration::ZERO);
    println!("after a greeting: {} bytes", set.heap_bytes());
}
