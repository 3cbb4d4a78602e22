//! What others do to the audit file while it is written: rotators of logs, hands, losses of power.
//! Nothing is granted that is not written, and whatever is gone, `verify` says so.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use crate::files::numbered;
use crate::place_tests::{LogFolder, ask, kill};
use crate::{ChainFile, Keeping, Kind, Unwritten};

/// A log with three asks whose writer is at work: lines 1 to 4.
fn at_work() -> (LogFolder, ChainFile) {
    let place = LogFolder::new();
    let chain = place.open();
    (0..3).for_each(|port| ask(&chain, port).unwrap());
    (place, chain)
}

fn append(place: &LogFolder, bytes: &[u8]) {
    OpenOptions::new().append(true).open(place.log()).unwrap().write_all(bytes).unwrap();
}

fn cut(place: &LogFolder, len: u64) {
    OpenOptions::new().write(true).open(place.log()).unwrap().set_len(len).unwrap();
}

#[test]
fn a_file_that_a_log_rotator_moves_away_begins_again_and_the_chain_goes_on() {
    for makes_a_new_one in [true, false] {
        let (place, chain) = at_work();
        fs::rename(place.log(), numbered(&place.log(), 1)).unwrap();
        if makes_a_new_one {
            fs::write(place.log(), "").unwrap();
        }
        ask(&chain, 3).unwrap();
        assert!(place.lines()[0].contains(r#""event":"continued""#), "{:?}", place.lines());
        let moved = fs::read_to_string(numbered(&place.log(), 1)).unwrap();
        assert!(moved.lines().last().unwrap().contains(r#""event":"checkpoint""#), "{moved}");
        assert_eq!(place.sound().lines, 7);
        let second = ChainFile::open(&place.log(), &place.key(), Keeping::default());
        assert!(second.is_err(), "the new file is locked");
        drop(chain);
        place.sound();
        drop(place.open());
        place.sound();
        // Without the file that was moved, its lines are missed.
        fs::rename(numbered(&place.log(), 1), place.log().with_extension("20261122")).unwrap();
        assert_eq!(place.fault(), (Kind::CutAtBeginning, 1));
    }
}

#[test]
fn a_file_that_is_moved_away_while_nobody_writes_it_is_gone_on_from() {
    let place = LogFolder::with(3);
    fs::rename(place.log(), numbered(&place.log(), 1)).unwrap();
    let chain = place.open();
    ask(&chain, 3).unwrap();
    drop(chain);
    assert!(place.lines()[0].contains(r#""event":"continued""#), "{:?}", place.lines());
    place.sound();
    // A part of it is not the whole.
    let place = LogFolder::with(3);
    fs::rename(place.log(), numbered(&place.log(), 1)).unwrap();
    let text = fs::read_to_string(numbered(&place.log(), 1)).unwrap();
    let part: Vec<&str> = text.split_inclusive('\n').take(4).collect();
    fs::write(numbered(&place.log(), 1), part.concat()).unwrap();
    drop(place.open());
    assert_eq!(place.fault(), (Kind::CutAtEnd, 1));
}

#[test]
fn a_file_that_is_removed_is_missed() {
    let (place, chain) = at_work();
    fs::remove_file(place.log()).unwrap();
    ask(&chain, 3).unwrap();
    assert_eq!(place.fault(), (Kind::CutAtBeginning, 1));
    drop(chain);
    drop(place.open());
    assert_eq!(place.fault(), (Kind::CutAtBeginning, 1));
}

#[test]
fn where_another_file_is_nothing_is_written_and_nothing_granted() {
    let (place, chain) = at_work();
    let aside: PathBuf = place.log().with_extension("aside");
    fs::rename(place.log(), &aside).unwrap();
    fs::write(place.log(), "127.0.0.1 localhost\n").unwrap();
    assert_eq!(ask(&chain, 3), Err(Unwritten));
    assert_eq!(fs::read_to_string(place.log()).unwrap(), "127.0.0.1 localhost\n");
    // A folder, and a name that cannot be looked at.
    fs::remove_file(place.log()).unwrap();
    fs::create_dir(place.log()).unwrap();
    assert_eq!(ask(&chain, 4), Err(Unwritten));
    fs::remove_dir(place.log()).unwrap();
    // Put back, it goes on as if nothing had been.
    fs::rename(&aside, place.log()).unwrap();
    ask(&chain, 5).unwrap();
    drop(chain);
    assert_eq!(place.sound().lines, 6);
}

#[test]
fn of_two_writers_the_one_whose_file_was_moved_away_stops() {
    let (place, chain) = at_work();
    fs::rename(place.log(), numbered(&place.log(), 1)).unwrap();
    let second = place.open();
    assert_eq!(ask(&chain, 3), Err(Unwritten));
    ask(&second, 4).unwrap();
    assert_eq!(ask(&chain, 5), Err(Unwritten));
    drop(chain);
    drop(second);
    place.sound();
}

#[test]
fn a_file_that_is_emptied_under_its_writer_goes_on_and_what_is_gone_stays_known() {
    let (place, chain) = at_work();
    fs::copy(place.log(), numbered(&place.log(), 1)).unwrap();
    cut(&place, 0);
    ask(&chain, 3).unwrap();
    assert!(place.lines()[0].contains(r#""lost_after":4"#), "{:?}", place.lines());
    // Even with the copy: nobody knows what was written between the copy and the cut.
    assert_eq!(place.fault(), (Kind::CutAtEnd, 1));
    fs::remove_file(numbered(&place.log(), 1)).unwrap();
    assert_eq!(place.fault(), (Kind::CutAtBeginning, 1));
    drop(chain);
    drop(place.open());
    assert_eq!(place.fault(), (Kind::CutAtBeginning, 1));
}

#[test]
fn a_file_that_is_cut_inside_a_line_under_its_writer_loses_no_line_after_that() {
    let (place, chain) = at_work();
    let len = fs::metadata(place.log()).unwrap().len();
    cut(&place, len - 10);
    ask(&chain, 3).unwrap();
    let lines = place.lines();
    assert_eq!(place.fault(), (Kind::Changed, 4));
    assert!(lines[4].contains(r#""lost_after":4"#) && lines[5].contains("127.0.0.1:3"), "{lines:?}");
    // Between two lines, there is no torn one, and the mark is what is found.
    let (place, chain) = at_work();
    cut(&place, place.lines()[..3].concat().len() as u64);
    ask(&chain, 3).unwrap();
    assert_eq!(place.fault(), (Kind::CutAtEnd, 4));
}

#[test]
fn what_others_write_into_the_file_harms_no_line_of_ours() {
    for foreign in [&b"hello"[..], b"hello\n", b"{\"seq\":5,", b"\0\0\0\0"] {
        let (place, chain) = at_work();
        append(&place, foreign);
        ask(&chain, 3).unwrap();
        let lines = place.lines();
        assert!(
            lines[4].starts_with(&*String::from_utf8_lossy(foreign)) && lines[5].contains("127.0.0.1:3"),
            "{lines:?}"
        );
        assert_eq!(place.fault(), (Kind::Changed, 5));
        drop(chain);
        // Taken out again, all is as it was written.
        let lines = place.lines();
        fs::write(place.log(), [&lines[..4], &lines[5..]].concat().concat()).unwrap();
        place.sound();
    }
}

#[test]
fn a_disk_that_fills_up_after_a_cut_puts_nothing_in_its_place() {
    let (place, chain) = at_work();
    cut(&place, 0);
    let (held, full) = (chain.file_for_test(), OpenOptions::new().append(true).open("/dev/full").unwrap());
    chain.replace_for_test(full);
    assert_eq!(ask(&chain, 3), Err(Unwritten));
    assert_eq!(fs::metadata(place.log()).unwrap().len(), 0);
    chain.replace_for_test(held);
    ask(&chain, 4).unwrap();
    assert!(place.lines()[0].contains(r#""lost_after":4"#), "{:?}", place.lines());
}

/// What is left of a log by a loss of power: what the disk had at some moment, of the log and of
/// its head.
fn after_power_loss(log: &[u8], head: &[u8]) -> (Kind, String) {
    let place = POWER.with(Clone::clone);
    fs::write(place.log(), log).unwrap();
    fs::write(place.head(), head).unwrap();
    let fault = place.verify().fault.expect("a fault");
    (fault.kind, fault.message)
}

thread_local! {
    static POWER: std::rc::Rc<LogFolder> = std::rc::Rc::new(LogFolder::new());
}

#[test]
fn a_loss_of_power_is_told_from_a_cut_as_far_as_it_can_be() {
    let place = POWER.with(Clone::clone);
    let chain = place.open();
    (0..3).for_each(|port| ask(&chain, port).unwrap());
    chain.checkpoint().unwrap();
    let (early_log, early_head) = (fs::read(place.log()).unwrap(), fs::read(place.head()).unwrap());
    (0..3).for_each(|port| ask(&chain, port).unwrap());
    kill(chain);
    let (log, head) = (fs::read(place.log()).unwrap(), fs::read(place.head()).unwrap());
    assert_eq!(place.sound().lines, 8);

    // What was waited for at the checkpoint is there, and later lines are not: a cut or a loss of
    // power, nobody can say.
    let (kind, said) = after_power_loss(&early_log, &head);
    assert_eq!(kind, Kind::CutAtEnd);
    assert!(said.contains("cut off, or was lost with the system's power"), "{said}");
    // The same with blocks that were never filled.
    let zeros = [&early_log[..], &[0; 300]].concat();
    let (kind, said) = after_power_loss(&zeros, &head);
    assert!(kind == Kind::CutAtEnd && said.contains("power"), "{said}");
    // A line of before the checkpoint is missing: the disk had it.
    let end = early_log.len() - 1;
    let less = early_log[..end].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let (kind, said) = after_power_loss(&early_log[..less], &head);
    assert_eq!(kind, Kind::CutAtEnd);
    assert!(said.contains("is cut off (the disk had everything up to line 5)"), "{said}");
    // The log was kept, and the head's last moves were not.
    let (kind, said) = after_power_loss(&log, &early_head);
    assert!(kind == Kind::Added && said.contains("power"), "{said}");
    // A torn line that was never acknowledged is no fault at all: nobody had been told that it was
    // written.
    fs::write(place.log(), [&log[..], b"{\"seq\":9,"].concat()).unwrap();
    fs::write(place.head(), &head).unwrap();
    assert_eq!(place.sound().notes.len(), 1);
}

#[test]
fn a_checkpoint_proves_its_lines_whatever_the_head_has_lost() {
    let (place, chain) = at_work();
    let head = fs::read(place.head()).unwrap();
    (0..5).for_each(|port| ask(&chain, port).unwrap());
    drop(chain);
    fs::write(place.head(), head).unwrap();
    assert_eq!(place.sound().checkpoints, 1);
}

#[test]
fn a_rotation_that_cannot_be_done_refuses_and_is_tried_again() {
    let place = LogFolder::new();
    let chain = place.keeping(3_000, 2);
    let next = crate::files::with_end(&place.log(), ".next");
    fs::create_dir(&next).unwrap();
    let written = (0..100).take_while(|port| ask(&chain, *port).is_ok()).count();
    assert!((3..30).contains(&written), "{written}");
    assert_eq!(ask(&chain, 100), Err(Unwritten));
    place.sound();
    fs::remove_dir(&next).unwrap();
    (0..50).for_each(|port| ask(&chain, port).unwrap());
    drop(chain);
    assert_eq!(place.sound().files.len(), 3);
}

#[test]
fn a_log_that_is_moved_away_with_its_head_begins_anew() {
    let place = LogFolder::with(3);
    let text = fs::read_to_string(place.log()).unwrap();
    fs::write(place.log(), text.lines().take(2).collect::<String>()).unwrap();
    assert!(place.verify().fault.is_some());
    let (log, head) = (place.log(), place.head());
    fs::rename(&log, log.with_extension("bad")).unwrap();
    fs::rename(&head, head.with_extension("bad")).unwrap();
    drop(place.open());
    assert_eq!(place.sound().lines, 2);
}
