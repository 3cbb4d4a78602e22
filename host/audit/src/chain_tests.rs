//! The audit file as a whole: written, broken in every known way, and checked.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::place_tests::{LogFolder, ask, kill};
use crate::{Both, Caller, ChainFile, Event, Keeping, Kind, OpenError, Sink, Unwritten, files, verify};

#[test]
fn arguments_are_in_clear_where_that_is_asked_for_and_not_without_end() {
    let place = LogFolder::new();
    let keeping = Keeping { arguments: true, ..Keeping::default() };
    let chain = ChainFile::open(&place.log(), &place.key(), keeping).unwrap();
    let caller = &Caller { call: 1, principal: "local".to_owned(), client: None };
    let long = format!(r#"{{"data":"{}"}}"#, "x".repeat(1 << 20));
    for arguments in [r#"{"data":"in \"clear\""}"#, &long] {
        let (plugin, tool, digest) = ("tcp", "tcp_send", "ab");
        chain.record(&Event::CallStarted { caller, plugin, digest, tool, arguments }).unwrap();
    }
    drop(chain);
    let lines = place.lines();
    assert!(lines[1].contains(r#""clear":"{\"data\":\"in \\\"clear\\\"\"}""#), "{}", lines[1]);
    assert!(lines[2].contains("xx…") && lines[2].len() < 70_000, "{}", lines[2].len());
    assert!(verify(&place.log(), &place.key()).unwrap().fault.is_none());
}

#[test]
fn what_is_recorded_is_there_in_clear_but_for_the_arguments() {
    let place = LogFolder::new();
    let chain = place.open();
    let (plugin, tool, digest) = ("tcp", "tcp_connect", "ab");
    let arguments = r#"{"password":"swordfish"}"#;
    let caller = &Caller { call: 7, principal: "local".to_owned(), client: Some("inspector 1.0".to_owned()) };
    chain.record(&Event::CallStarted { caller, plugin, digest, tool, arguments }).unwrap();
    ask(&chain, 22).unwrap();
    let took = Duration::from_micros(1500);
    chain.record(&Event::CallEnded { caller, plugin, tool, outcome: "ok", took, bytes_out: 12 }).unwrap();
    drop(chain);
    let lines = place.lines();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for part in
        [r#""event":"call_started""#, r#""principal":"local""#, r#""call":7"#, r#""bytes_in":24"#, "inspector 1.0"]
    {
        assert!(lines[1].contains(part), "{part} in {}", lines[1]);
    }
    assert!(!lines.concat().contains("swordfish"));
    assert!(
        lines[2].contains(r#""resource":"tcp://127.0.0.1:22","decision":"allowed","rule":"rule 3""#),
        "{}",
        lines[2]
    );
    assert!(lines[3].contains(r#""reason":"ok","duration_us":1500,"bytes_out":12"#), "{}", lines[3]);
    let report = place.sound();
    assert_eq!((report.lines, report.checkpoints, report.unsigned), (5, 1, 0));
    use std::os::unix::fs::MetadataExt;
    for file in [place.log(), place.key(), place.head()] {
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn every_way_to_forge_a_log_is_named() {
    let forged = |forge: &dyn Fn(&mut Vec<String>)| {
        let place = LogFolder::with(10);
        let mut lines = place.lines();
        forge(&mut lines);
        fs::write(place.log(), lines.concat()).unwrap();
        place.fault()
    };
    assert_eq!(forged(&|lines| lines[4] = lines[4].replace(":3\"", ":4\"")), (Kind::Changed, 5));
    assert_eq!(forged(&|lines| drop(lines.remove(4))), (Kind::Removed, 5));
    assert_eq!(forged(&|lines| lines.swap(4, 7)), (Kind::Reordered, 5));
    assert_eq!(forged(&|lines| lines.insert(4, lines[2].clone())), (Kind::Reordered, 5));
    assert_eq!(forged(&|lines| drop(lines.remove(0))), (Kind::CutAtBeginning, 1));
    assert_eq!(forged(&|lines| drop(lines.pop())), (Kind::CutAtEnd, 0));
    assert_eq!(forged(&|lines| lines.truncate(3)), (Kind::CutAtEnd, 0));
    assert_eq!(forged(&|lines| lines.clear()), (Kind::CutAtEnd, 0));
    assert_eq!(forged(&|lines| lines.push("{}\n".to_owned())), (Kind::Changed, 13));
}

#[test]
fn who_can_compute_hashes_but_has_no_key_forges_no_line() {
    use crate::chain::{NOTHING, seal, unseal};
    // All of it written anew with one line less, every hash right.
    let place = LogFolder::with(10);
    let mut tail = NOTHING;
    let mut forged = Vec::new();
    for (index, line) in place.lines().iter().enumerate().filter(|(index, _)| *index != 5) {
        let (mut record, _) = unseal(line.trim_end().as_bytes()).unwrap_or_else(|| panic!("{index}"));
        let (line, next) = seal(&tail, &mut record).unwrap();
        forged.extend(line);
        tail = next;
    }
    fs::write(place.log(), &forged).unwrap();
    assert_eq!(place.fault(), (Kind::Signature, 11));
    // Without the checkpoint, the head is left.
    let until = forged[..forged.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(place.log(), &forged[..until]).unwrap();
    assert_eq!(place.fault(), (Kind::CutAtEnd, 0));
    // Lines that were added, well linked.
    let place = LogFolder::with(3);
    let mut text = fs::read(place.log()).unwrap();
    let (_, mut tail) = unseal(place.lines().last().unwrap().trim_end().as_bytes()).unwrap();
    for _ in 0..2 {
        let (line, next) = seal(&tail, &mut crate::Record::new("ask")).unwrap();
        text.extend(line);
        tail = next;
    }
    fs::write(place.log(), text).unwrap();
    assert_eq!(place.fault(), (Kind::Added, 0));
    // Another key, another head.
    let place = LogFolder::with(3);
    fs::remove_file(place.head()).unwrap();
    assert_eq!(place.fault(), (Kind::Head, 0));
    fs::remove_file(place.key()).unwrap();
    drop(ChainFile::open(&place.key().with_file_name("other"), &place.key(), Keeping::default()).unwrap());
    assert_eq!(place.fault().0, Kind::Signature);
}

#[test]
fn a_log_that_another_key_has_signed_is_not_gone_on_with() {
    let refused = |place: &LogFolder| match ChainFile::open(&place.log(), &place.key(), Keeping::default()) {
        Err(OpenError::Signed { file, theirs, ours, .. }) => {
            assert!(theirs.starts_with("SHA256:") && ours.starts_with("SHA256:") && theirs != ours, "{theirs} {ours}");
            file
        }
        other => panic!("{:?}", other.err()),
    };
    // In the file itself; also where many lines without a checkpoint follow; and in the one before,
    // where it has none yet.
    let place = LogFolder::with(10);
    let kept = fs::read(place.key()).unwrap();
    fs::remove_file(place.key()).unwrap();
    let before = fs::read(place.log()).unwrap();
    assert_eq!(refused(&place), place.log());
    assert_eq!(fs::read(place.log()).unwrap(), before, "nothing is written");
    let filler = format!("{}\n", "x".repeat(700)).repeat(3_000);
    fs::write(place.log(), [before.as_slice(), filler.as_bytes()].concat()).unwrap();
    assert_eq!(refused(&place), place.log());
    fs::write(place.log(), &before).unwrap();
    let rotated = place.log().with_file_name("audit.jsonl.1");
    fs::rename(place.log(), &rotated).unwrap();
    assert_eq!(refused(&place), rotated);
    // Its own key goes on with it.
    fs::rename(&rotated, place.log()).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(place.key(), kept).unwrap();
    fs::set_permissions(place.key(), fs::Permissions::from_mode(0o600)).unwrap();
    drop(place.open());
    place.sound();
    // A line that only claims to be signed is no signature: what is wrong then is found as ever.
    let claims = format!("{{\"seq\":99,\"event\":\"checkpoint\",\"key\":\"{}\"}}\n", "ab".repeat(32));
    fs::write(place.log(), [fs::read(place.log()).unwrap().as_slice(), claims.as_bytes()].concat()).unwrap();
    drop(place.open());
    assert_ne!(place.verify().fault.map(|fault| fault.kind), Some(Kind::Signature));
}

#[test]
fn a_crash_at_any_byte_loses_no_acknowledged_event_and_is_no_tampering() {
    let place = LogFolder::new();
    let chain = place.open();
    (0..5).for_each(|port| ask(&chain, port).unwrap());
    kill(chain);
    let (whole, head) = (fs::read(place.log()).unwrap(), fs::read(place.head()).unwrap());
    // One event more, whose write is cut at every byte, before its head was moved.
    let chain = place.open();
    kill(chain);
    let more = fs::read(place.log()).unwrap();
    for end in whole.len()..=more.len() {
        fs::write(place.log(), &more[..end]).unwrap();
        fs::write(place.head(), &head).unwrap();
        let report = place.sound();
        assert_eq!(report.lines, if end == more.len() { 7 } else { 6 }, "{end}");
        assert_eq!(report.notes.len(), usize::from(end != whole.len() && end != more.len()), "{end}");
        // The next process goes on from there.
        let chain = place.open();
        ask(&chain, 9).unwrap();
        drop(chain);
        let report = place.sound();
        // A line that only lacks its line feed is whole.
        assert_eq!(report.notes.len(), usize::from(end != whole.len() && end < more.len() - 1), "{end}");
        // And a second crash, in the line that explains the first.
        if end == whole.len() + 10 {
            let after = fs::read(place.log()).unwrap();
            for torn in end..end + 60 {
                fs::write(place.log(), &after[..torn]).unwrap();
                fs::write(place.head(), &head).unwrap();
                kill(place.open());
                assert_eq!(place.sound().notes.len(), 1, "{torn}");
            }
        }
    }
}

#[test]
fn a_torn_line_stays_in_place_and_may_not_be_touched() {
    let place = LogFolder::new();
    kill(place.open());
    let whole = place.lines().concat();
    fs::write(place.log(), format!("{whole}{{\"seq\":2,\"ti")).unwrap();
    drop(place.open());
    assert!(place.sound().notes[0].contains(":2: 12 bytes of an event that was never acknowledged"));
    let lines = place.lines();
    assert_eq!(lines[1], "{\"seq\":2,\"ti\n");
    assert!(lines[2].contains(r#""event":"recovered""#) && lines[2].contains(r#""bytes_in":12"#), "{}", lines[2]);
    fs::write(place.log(), lines.concat().replace("2,\"ti\n", "2,\"to\n")).unwrap();
    assert_eq!(place.fault(), (Kind::Changed, 2));
    fs::write(place.log(), [&lines[0], &lines[2], &lines[3]].map(String::as_str).concat()).unwrap();
    assert_eq!(place.fault(), (Kind::Removed, 2));
}

#[test]
fn what_was_cut_off_stays_known_after_the_next_start() {
    let place = LogFolder::with(10);
    fs::write(place.log(), place.lines()[..6].concat()).unwrap();
    let chain = place.open();
    ask(&chain, 1).unwrap();
    drop(chain);
    assert_eq!(place.fault(), (Kind::CutAtEnd, 7));
    // So does a log that was removed.
    let place = LogFolder::with(10);
    fs::remove_file(place.log()).unwrap();
    drop(place.open());
    assert_eq!(place.fault(), (Kind::CutAtBeginning, 1));
    // Or cut inside a line that was acknowledged: no crash does that.
    let place = LogFolder::with(10);
    let text = fs::read(place.log()).unwrap();
    fs::write(place.log(), &text[..text.len() - 5]).unwrap();
    assert_eq!(place.fault(), (Kind::CutAtEnd, 12));
    drop(place.open());
    assert_eq!(place.fault().0, Kind::CutAtEnd);
}

#[test]
fn there_is_one_writer() {
    let place = LogFolder::new();
    let chain = place.open();
    let second = ChainFile::open(&place.log(), &place.key(), Keeping::default());
    assert!(matches!(&second, Err(OpenError::Locked(path)) if *path == place.log()));
    drop(chain);
    drop(place.open());
    assert_eq!(place.sound().lines, 4);
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let place = LogFolder::new();
    fs::write(place.log(), "127.0.0.1 localhost\n").unwrap();
    let opened = ChainFile::open(&place.log(), &place.key(), Keeping::default());
    assert!(matches!(opened, Err(OpenError::Foreign(_))));
    assert_eq!(fs::read_to_string(place.log()).unwrap(), "127.0.0.1 localhost\n");
}

#[test]
fn rotation_keeps_the_chain() {
    let place = LogFolder::new();
    let chain = place.keeping(8_000, 3);
    for port in 0..40 {
        ask(&chain, port).unwrap();
        place.sound();
    }
    assert!(files(&place.log()).len() >= 2);
    (40..400).for_each(|port| ask(&chain, port).unwrap());
    assert!(ChainFile::open(&place.log(), &place.key(), Keeping::default()).is_err(), "the new file is locked too");
    drop(chain);
    let files = files(&place.log());
    assert_eq!(files.len(), 4);
    let report = place.sound();
    assert!(report.checkpoints >= 3, "{report:?}");
    let last = fs::read_to_string(place.log()).unwrap();
    assert!(last.lines().next().unwrap().contains(r#""event":"continued""#));
    for file in &files[..3] {
        assert!(fs::metadata(file).unwrap().len() < 9_000);
    }
    // A whole file that is taken away is missed, at either end and in the middle.
    for gone in &files {
        let kept = fs::read(gone).unwrap();
        fs::remove_file(gone).unwrap();
        assert!(verify(&place.log(), &place.key()).map_or(true, |report| report.fault.is_some()), "{}", gone.display());
        fs::write(gone, kept).unwrap();
    }
    place.sound();
}

#[test]
fn i5_what_cannot_be_written_is_refused_until_it_can() {
    let place = LogFolder::new();
    // Nothing fits on it.
    let full = ChainFile::open(Path::new("/dev/full"), &place.key(), Keeping::default()).unwrap();
    for port in 0..3 {
        assert_eq!(ask(&full, port), Err(Unwritten));
    }
    // A disk that is full for a while: every write fails, and then none.
    let chain = place.open();
    ask(&chain, 1).unwrap();
    let (held, full) = (chain.file_for_test(), fs::OpenOptions::new().append(true).open("/dev/full").unwrap());
    chain.replace_for_test(full);
    for port in 2..5 {
        assert_eq!(ask(&chain, port), Err(Unwritten));
        assert_eq!(place.sound().lines, 2);
    }
    chain.replace_for_test(held);
    ask(&chain, 5).unwrap();
    drop(chain);
    assert_eq!(place.sound().lines, 4);
    assert!(place.lines()[2].contains("127.0.0.1:5"));
}

#[test]
fn both_sinks_hear_of_an_event_and_the_first_decides() {
    let place = LogFolder::new();
    let full = ChainFile::open(Path::new("/dev/full"), &place.key(), Keeping::default()).unwrap();
    let both = Both(full, place.open());
    assert_eq!(ask(&both, 1), Err(Unwritten));
    drop(both);
    assert_eq!(place.sound().lines, 3);
}

#[test]
fn a_thousand_events_bring_a_checkpoint() {
    let place = LogFolder::with(2_500);
    assert_eq!(place.sound().checkpoints, 3);
}

#[test]
fn a_log_can_be_checked_while_it_is_written() {
    let place = LogFolder::new();
    let chain = place.keeping(1 << 20, 8);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (0..3_000).for_each(|port| ask(&chain, port).unwrap()));
        while !writer.is_finished() {
            place.sound();
        }
    });
}
