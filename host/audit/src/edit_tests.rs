//! The audit file under random edits, and what an event costs.

use std::fs;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::place_tests::{LogFolder, ask, kill};

#[derive(Clone, Debug)]
enum Edit {
    Flip(prop::sample::Index, u8),
    Delete(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Duplicate(prop::sample::Index, prop::sample::Index),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, u8),
}

fn edit() -> impl Strategy<Value = Edit> {
    use any as a;
    type I = prop::sample::Index;
    prop_oneof![
        (a::<I>(), 0..8u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        a::<I>().prop_map(Edit::Delete),
        (a::<I>(), a::<I>()).prop_map(|(one, other)| Edit::Swap(one, other)),
        (a::<I>(), a::<I>()).prop_map(|(one, to)| Edit::Duplicate(one, to)),
        a::<I>().prop_map(Edit::Cut),
        (a::<I>(), a::<u8>()).prop_map(|(at, byte)| Edit::Insert(at, byte)),
    ]
}

fn edited(text: &[u8], edit: &Edit) -> Vec<u8> {
    let mut bytes = text.to_vec();
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    match edit {
        Edit::Flip(at, bit) => bytes[at.index(text.len())] ^= 1 << bit,
        Edit::Cut(at) => bytes.truncate(at.index(text.len())),
        Edit::Insert(at, byte) => bytes.insert(at.index(text.len() + 1), *byte),
        Edit::Delete(at) => {
            lines.remove(at.index(lines.len()));
            bytes = lines.concat();
        }
        Edit::Swap(one, other) => {
            let count = lines.len();
            lines.swap(one.index(count), other.index(count));
            bytes = lines.concat();
        }
        Edit::Duplicate(one, to) => {
            lines.insert(to.index(lines.len() + 1), lines[one.index(lines.len())]);
            bytes = lines.concat();
        }
    }
    bytes
}

#[test]
fn every_edit_is_found() {
    let place = LogFolder::new();
    let chain = place.open();
    (0..12).for_each(|port| ask(&chain, port).unwrap());
    kill(chain);
    // A torn line and a second process, so that these are edited too.
    let torn = [fs::read(place.log()).unwrap().as_slice(), b"{\"seq\":14,\"time\""].concat();
    fs::write(place.log(), torn).unwrap();
    let chain = place.open();
    (0..12).for_each(|port| ask(&chain, port).unwrap());
    drop(chain);
    place.sound();
    let text = fs::read(place.log()).unwrap();
    proptest!(ProptestConfig::with_cases(1_000), |(edits in prop::collection::vec(edit(), 1..3))| {
        let forged = edits.iter().fold(text.clone(), |text, edit| if text.is_empty() { text } else { edited(&text, edit) });
        prop_assume!(forged != text);
        // What stands behind the last whole line is no event: whoever reads the log sees that it is
        // none.
        let is_torn_tail = forged.starts_with(&text) && !forged[text.len()..].contains(&b'\n');
        fs::write(place.log(), &forged).unwrap();
        let report = place.verify();
        prop_assert!(if is_torn_tail { !report.notes.is_empty() } else { report.fault.is_some() }, "{:?}", report);
    });
}

/// `cargo test --release -p cofferdam-audit -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn what_an_event_costs() {
    let place = LogFolder::new();
    let chain = place.open();
    let mut took: Vec<Duration> = (0..50_000u32)
        .map(|index| {
            let begun = Instant::now();
            ask(&chain, index as u16).unwrap();
            begun.elapsed()
        })
        .collect();
    took.sort();
    let at = |part: usize| took[took.len() * part / 1000];
    println!("p50 {:?}, p99 {:?}, p99.9 {:?}, most {:?}", at(500), at(990), at(999), took[took.len() - 1]);
    assert!(cfg!(debug_assertions) || at(500) < Duration::from_micros(10));
}
