//! Rotation under whoever reads, and rotation that is ended between any two of its steps.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::chain::unseal;
use crate::files::numbered;
use crate::place_tests::{LogFolder, ask, kill};
use crate::rotate::crash;
use crate::{Follow, files};

/// The number of a line.
fn seq(line: &[u8]) -> u64 {
    unseal(line).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(line))).1.seq
}

#[test]
fn a_rotation_that_ends_between_any_two_steps_loses_nothing() {
    for (kept, places) in [(1, 7), (3, 9)] {
        for place in 0..places {
            for killed in [true, false] {
                ended(kept, place, killed);
            }
        }
    }
}

/// A rotation that ends at this place, of a log that keeps so many files; because its process was
/// killed, or by an error.
fn ended(kept: u32, at: u32, killed: bool) {
    let what = format!("{kept} files, place {at}, killed {killed}");
    let place = LogFolder::new();
    let mut chain = place.keeping(4_000, kept);
    (0..100).for_each(|port| ask(&chain, port).unwrap());
    assert_eq!(files(&place.log()).len() as u32, kept + 1);
    let known = |chain: &crate::ChainFile| chain.open_for_test().known.tail.seq;
    let mut port = 100;
    crash::after(Some(at));
    while !crash::happened() {
        let before = known(&chain);
        let written = ask(&chain, port).is_ok();
        assert_eq!(written, !crash::happened(), "{what}");
        assert!(written || known(&chain) <= before + 2, "{what}");
        port += 1;
        assert!(port < 200, "{what}: there is no such place");
    }
    crash::after(None);
    let written = known(&chain);
    // Whoever checks now sees all that was kept, and no fault.
    let report = place.sound();
    assert!(report.lines > 10, "{what}: {report:?}");
    if killed {
        kill(chain);
        place.sound();
        chain = place.keeping(4_000, kept);
    }
    for port in 0..60 {
        ask(&chain, port).unwrap();
        if port % 7 == 0 {
            place.sound();
        }
    }
    drop(chain);
    let report = place.sound();
    assert!(report.notes.is_empty(), "{what}: {report:?}");
    assert_eq!(files(&place.log()).len() as u32, kept + 1, "{what}");
    let last = seq(place.lines().last().unwrap().trim_end().as_bytes());
    assert!(last > written + 60, "{what}: {last} after {written}");
}

#[test]
fn a_log_can_be_checked_while_it_is_rotated() {
    let place = LogFolder::new();
    let chain = place.keeping(3_000, 4);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..4_000).for_each(|port| ask(&chain, port).unwrap());
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            place.sound();
        }
    });
    drop(chain);
    assert_eq!(place.sound().files.len(), 5);
}

#[test]
fn a_reader_that_follows_misses_no_line_however_often_the_file_was_rotated() {
    let place = LogFolder::new();
    let chain = place.keeping(2_000, 60);
    let mut follow = Follow::open(&place.log()).unwrap();
    let mut seen = Vec::new();
    let mut read = |most: usize| {
        let mut lines = 0;
        while lines < most
            && let Some(line) = follow.next_line().unwrap()
        {
            seen.push(seq(&line));
            lines += 1;
        }
    };
    read(usize::MAX);
    // Many files at once, a few lines at a time, and nothing new.
    for (asks, most) in [(60, 2), (3, usize::MAX), (40, 11), (0, usize::MAX), (0, usize::MAX)] {
        (0..asks).for_each(|port| ask(&chain, port).unwrap());
        read(most);
    }
    drop(chain);
    read(usize::MAX);
    assert!(files(&place.log()).len() > 10);
    let last = seq(place.lines().last().unwrap().trim_end().as_bytes());
    assert_eq!(seen, (1..=last).collect::<Vec<_>>());
}

#[test]
fn a_reader_follows_a_writer_at_work() {
    let place = LogFolder::new();
    let chain = place.keeping(2_000, 900);
    let mut follow = Follow::open(&place.log()).unwrap();
    let done = AtomicBool::new(false);
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..600).for_each(|port| ask(&chain, port).unwrap());
            chain.checkpoint().unwrap();
            done.store(true, Ordering::Release);
        });
        loop {
            let last = done.load(Ordering::Acquire);
            while let Some(line) = follow.next_line().unwrap() {
                seen.push(seq(&line));
            }
            if last {
                break;
            }
        }
    });
    let last = seq(place.lines().last().unwrap().trim_end().as_bytes());
    assert_eq!(seen, (1..=last).collect::<Vec<_>>());
}

#[test]
fn a_reader_goes_on_after_its_file_was_moved_away_or_cut() {
    let place = LogFolder::new();
    let chain = place.open();
    let mut follow = Follow::open(&place.log()).unwrap();
    let mut read = || std::iter::from_fn(|| follow.next_line().unwrap()).map(|line| seq(&line)).collect::<Vec<_>>();
    ask(&chain, 1).unwrap();
    assert_eq!(read(), [1, 2]);
    fs::rename(place.log(), place.log().with_extension("old")).unwrap();
    assert!(read().is_empty());
    ask(&chain, 2).unwrap();
    // The checkpoint at the end of the old one, the beginning of the new one, and the ask.
    assert_eq!(read(), [3, 4, 5]);
    fs::OpenOptions::new().write(true).open(place.log()).unwrap().set_len(0).unwrap();
    assert!(read().is_empty());
    ask(&chain, 3).unwrap();
    assert_eq!(read(), [6, 7]);
}

#[test]
fn a_logs_files_are_those_with_its_numbers() {
    let place = LogFolder::with(1);
    let log = place.log();
    let names = [".1", ".9", ".12", ".01", ".+3", ".0", ".1000", ".1.gz", ".next", "-4", ".-5", "."];
    for end in names {
        fs::write(format!("{}{end}", log.display()), "").unwrap();
    }
    assert_eq!(files(&log), [12, 9, 1, 0].map(|number| numbered(&log, number)));
    assert_eq!(files(&log).into_iter().collect::<BTreeSet<_>>().len(), 4);
}
