//! Runs of scripts: which of them still begin, what they count, and what is left of a trigger that
//! its script has stopped. What has to be sent after a run is the caller's part.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::TriggerSet;
use super::on_message::ERROR;
use crate::script::{Failed, Outcome, Piece, Program, Run};
use crate::trigger::{Action, Trigger, TriggerInfo};

/// The most characters that are kept of a note, and of why a connection is closed.
const NOTE: usize = 1024;
/// Triggers that their scripts have stopped and that are still shown.
const STOPPED: usize = 16;

/// What has to happen after a run.
#[derive(Debug, Default)]
pub struct Done {
    /// To be sent, in this order.
    pub send: Vec<Piece>,
    /// Why the connection is to be closed then, if it is.
    pub close: Option<String>,
    /// The trigger, if the script has stopped it: it is not in the set any more.
    pub stopped: Option<Trigger>,
}

/// What is left of triggers whose scripts have stopped them: the latest ones.
#[derive(Debug, Default)]
pub(super) struct Stopped(VecDeque<TriggerInfo>);

impl Stopped {
    fn keep(&mut self, info: TriggerInfo) {
        self.forget(&Arc::clone(&info.trigger_id));
        if self.0.len() >= STOPPED {
            self.0.pop_front();
        }
        self.0.push_back(info);
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.0.retain(|one| *one.trigger_id != *id);
    }

    pub(super) fn could_not_answer(&mut self, id: &str, why: String) {
        if let Some(one) = self.0.iter_mut().find(|one| *one.trigger_id == *id) {
            one.counts.unanswerable += 1;
            one.error = Some(why);
        }
    }
}

/// Runs a program once, if its trigger is still there as it was when it fired, at `now` in
/// milliseconds since any fixed start. Nothing is borrowed while it runs.
pub fn run(triggers: &RefCell<TriggerSet>, id: &str, run: Run, now: u64) -> Option<Done> {
    let Run { program, mut input } = run;
    input.fired = triggers.borrow_mut().begin(id, &program)?;
    input.now = now;
    let result = program.run(input);
    triggers.borrow_mut().end(id, &program, result)
}

impl TriggerSet {
    /// Triggers that their scripts have stopped, the latest of them, until
    /// one of the same id is set.
    pub fn stopped(&self) -> impl Iterator<Item = &TriggerInfo> {
        self.stopped.0.iter()
    }

    /// The place of the trigger of that id, if its program is this one and is not over.
    fn place(&self, id: &str, program: &Rc<dyn Program>) -> Option<usize> {
        let same = |action: &Action| match action {
            Action::Run(script) => script.program.as_ref().is_some_and(|one| Rc::ptr_eq(one, program)),
            Action::Respond(_) => false,
        };
        self.entries.iter().position(|entry| entry.trigger.id() == id && same(&entry.trigger.action))
    }

    /// A run begins: the number of its firing.
    fn begin(&mut self, id: &str, program: &Rc<dyn Program>) -> Option<u64> {
        let place = self.place(id, program)?;
        let counts = &mut self.entries.get_mut(place)?.counts;
        counts.fired += 1;
        Some(counts.fired)
    }

    /// A run has ended.
    fn end(&mut self, id: &str, program: &Rc<dyn Program>, result: Result<Outcome, Failed>) -> Option<Done> {
        let place = self.place(id, program)?;
        let entry = self.entries.get_mut(place)?;
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(failed) => {
                entry.counts.failed += 1;
                match failed {
                    Failed::Run(fault) => entry.error = Some(kept(&fault.to_string(), ERROR)),
                    Failed::Cut(why) => {
                        entry.cut = Some(kept(&why, ERROR));
                        if let Action::Run(script) = &mut entry.trigger.action {
                            script.program = None;
                        }
                    }
                }
                return Some(Done::default());
            }
        };
        if let Some(note) = outcome.note {
            entry.note = Some(kept(&note, NOTE));
        }
        let mut stopped = None;
        if outcome.stop {
            let entry = self.entries.remove(place);
            self.stopped.keep(entry.info(self.limits));
            stopped = Some(entry.trigger);
        }
        let close = outcome.close.map(|why| if why.is_empty() { unnamed(id) } else { kept(&why, NOTE) });
        Some(Done { send: outcome.send, close, stopped })
    }
}

fn unnamed(id: &str) -> String {
    format!("closed by the script of trigger `{id}`")
}

fn kept(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::encoding::Encoding;
    use crate::pattern::Pattern;
    use crate::script::{Fault, Group, Input};
    use crate::trigger::{FireLimits, On, Reply};
    use crate::trigger_set::WINDOW;

    /// Answers runs in this order, and keeps what each was given.
    #[derive(Debug, Default)]
    struct Played {
        answers: RefCell<VecDeque<Result<Outcome, Failed>>>,
        given: RefCell<Vec<Input>>,
    }

    impl Program for Played {
        fn run(&self, input: Input) -> Result<Outcome, Failed> {
            self.given.borrow_mut().push(input);
            self.answers.borrow_mut().pop_front().unwrap_or_else(|| Ok(Outcome::default()))
        }
    }

    fn played(answers: impl IntoIterator<Item = Result<Outcome, Failed>>) -> Rc<Played> {
        Rc::new(Played { answers: RefCell::new(answers.into_iter().collect()), given: RefCell::default() })
    }

    fn scripted(id: &str, pattern: &str, on: On, program: &Rc<Played>) -> Trigger {
        Trigger::scripted(id, Pattern::new(pattern).unwrap(), on, 100, Rc::clone(program) as Rc<dyn Program>)
    }

    fn set(pattern: &str, program: &Rc<Played>) -> RefCell<TriggerSet> {
        let mut set = TriggerSet::default();
        set.set(scripted("t", pattern, On::Bytes, program)).unwrap();
        RefCell::new(set)
    }

    /// What runs after a segment, one by one: what each comes to, nothing where it does not begin.
    fn push(set: &RefCell<TriggerSet>, segment: &[u8]) -> Vec<Option<Done>> {
        let firings = set.borrow_mut().push(segment, Duration::ZERO);
        let one = |reply| match reply {
            Reply::Script(one) => run(set, "t", *one, 7),
            other => panic!("{other:?}"),
        };
        firings.into_iter().map(|firing| one(firing.reply)).collect()
    }

    fn group(name: Option<&str>, bytes: Option<&[u8]>) -> Group {
        Group { name: name.map(str::to_owned), bytes: bytes.map(<[u8]>::to_vec) }
    }

    fn fault(at: Option<(u32, u32)>, message: &str) -> Result<Outcome, Failed> {
        Err(Failed::Run(Fault { at, message: message.to_owned() }))
    }

    #[test]
    fn a_run_is_given_its_match_also_across_segments() {
        let program = played([]);
        let set = set(r"^PING (?<who>\S+)( \xff)?\r\n", &program);
        assert!(push(&set, b"NOTICE\r\nPI").is_empty() && push(&set, b"NG :x").is_empty());
        assert_eq!(push(&set, b" \xff\r\nPING b\r\n").len(), 2);
        let given = program.given.borrow();
        let first = Input {
            matched: b"PING :x \xff\r\n".to_vec(),
            groups: vec![group(Some("who"), Some(b":x")), group(None, Some(b" \xff"))],
            message: None,
            now: 7,
            fired: 1,
        };
        assert_eq!(given[0], first);
        assert_eq!((&given[1].groups[1], given[1].fired), (&group(None, None), 2));
        let info = &set.borrow().info()[0];
        assert_eq!((info.response_size, info.script_size, info.counts.fired), (None, Some(100), 2));
    }

    #[test]
    fn what_it_sends_comes_back_in_order_and_the_last_note_stays() {
        let send = vec![Piece::Bytes(b"a".to_vec()), Piece::Message("{}".to_owned())];
        let one = Outcome { send: send.clone(), note: Some("one".to_owned()), ..Outcome::default() };
        let program = played([
            Ok(one),
            Ok(Outcome::default()),
            Ok(Outcome { close: Some(String::new()), ..Outcome::default() }),
            Ok(Outcome { close: Some("enough".to_owned()), note: Some("x".repeat(5000)), ..Outcome::default() }),
        ]);
        let set = set("x", &program);
        let done = push(&set, b"xx");
        assert_eq!(done[0].as_ref().unwrap().send, send);
        assert_eq!(set.borrow().info()[0].note.as_deref(), Some("one"));
        let done = push(&set, b"xx");
        let close = |done: &Option<Done>| done.as_ref().unwrap().close.clone().unwrap();
        assert_eq!(
            (close(&done[0]).as_str(), close(&done[1]).as_str()),
            ("closed by the script of trigger `t`", "enough")
        );
        assert_eq!(set.borrow().info()[0].note.as_ref().map(String::len), Some(NOTE));
    }

    #[test]
    fn a_run_that_fails_is_counted_and_told_and_the_next_one_runs() {
        let program =
            played([fault(Some((3, 9)), "no such thing"), Ok(Outcome::default()), fault(None, &"é".repeat(999))]);
        let set = set("x", &program);
        push(&set, b"xx");
        let info = set.borrow().info().remove(0);
        assert_eq!(info.error.as_deref(), Some("line 3, column 9: no such thing"));
        assert_eq!((info.counts.fired, info.counts.failed, info.cut), (2, 1, None));
        push(&set, b"x");
        assert_eq!(set.borrow().info()[0].error.as_ref().map(|error| error.chars().count()), Some(ERROR));
    }

    #[test]
    fn a_program_that_is_cut_is_let_go_of_and_its_trigger_stays() {
        let program = played([Err(Failed::Cut("it trapped".to_owned()))]);
        let set = set("x", &program);
        let memory = set.borrow().get("t").unwrap().most_memory();
        let done = push(&set, b"xxx");
        assert_eq!(done.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false], "those that waited");
        assert!(push(&set, b"xxx").is_empty());
        assert_eq!(program.given.borrow().len(), 1);
        assert_eq!(Rc::strong_count(&program), 1, "nobody holds it but this test");
        let info = set.borrow().info().remove(0);
        assert_eq!((info.cut.as_deref(), info.counts.fired, info.counts.failed), (Some("it trapped"), 1, 1));
        assert_eq!(set.borrow().get("t").unwrap().most_memory(), memory, "a budget gets back what it gave");
        assert_eq!(set.borrow().tail.len(), 0, "and nothing is kept for its groups");
        // Set again, it is another.
        let other = played([]);
        set.borrow_mut().set(scripted("t", "x", On::Bytes, &other)).unwrap();
        push(&set, b"x");
        assert_eq!((other.given.borrow().len(), set.borrow().info()[0].cut.is_none()), (1, true));
    }

    #[test]
    fn stopped_is_removed_at_once_and_still_shown() {
        let note = || Ok(Outcome { stop: true, note: Some("done".to_owned()), ..Outcome::default() });
        let program = played([Ok(Outcome::default()), note()]);
        let set = set("x", &program);
        let done = push(&set, b"xxxx");
        assert_eq!(done.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false]);
        assert!(done[1].as_ref().unwrap().stopped.is_some() && set.borrow().is_empty());
        set.borrow_mut().could_not_answer("t", "no such command");
        {
            let set = set.borrow();
            let shown = set.stopped().next().unwrap();
            assert_eq!((shown.note.as_deref(), shown.counts.fired, shown.counts.unanswerable), (Some("done"), 2, 1));
            assert_eq!(shown.error.as_deref(), Some("no such command"));
        }
        set.borrow_mut().set(scripted("t", "x", On::Bytes, &played([]))).unwrap();
        assert_eq!(set.borrow().stopped().count(), 0, "it is set again");
        for id in 0..40 {
            let id = id.to_string();
            let program = played([note()]);
            set.borrow_mut().set(scripted(&id, "y", On::Bytes, &program)).unwrap();
            let fired = set.borrow_mut().push(b"y", Duration::ZERO).remove(0);
            let Reply::Script(one) = fired.reply else { panic!() };
            assert!(run(&set, &id, *one, 0).is_some_and(|done| done.stopped.is_some()));
        }
        let left: Vec<String> = set.borrow().stopped().map(|one| one.trigger_id.to_string()).collect();
        assert_eq!((left.len(), left[0].as_str(), left[15].as_str()), (16, "24", "39"));
    }

    #[test]
    fn a_trigger_that_was_replaced_or_removed_meanwhile_does_not_run() {
        let (old, new) = (played([]), played([]));
        let set = set("x", &old);
        let fired = set.borrow_mut().push(b"x", Duration::ZERO).remove(0);
        set.borrow_mut().set(scripted("t", "x", On::Bytes, &new)).unwrap();
        let Reply::Script(one) = fired.reply else { panic!() };
        assert!(run(&set, "t", one.as_ref().clone(), 0).is_none());
        set.borrow_mut().remove("t");
        assert!(run(&set, "t", *one, 0).is_none());
        assert_eq!((old.given.borrow().len(), new.given.borrow().len()), (0, 0));
    }

    #[test]
    fn runs_count_against_the_limits_also_those_that_fail() {
        let program = played((0..10).map(|_| fault(None, "no")));
        let mut set = TriggerSet::new(FireLimits { per_second: 2, total: 3 });
        set.set(scripted("t", "x", On::Bytes, &program)).unwrap();
        let set = RefCell::new(set);
        assert_eq!(push(&set, b"xxx").len(), 2);
        assert_eq!(set.borrow_mut().push(b"xx", Duration::from_secs(1)).len(), 1);
        assert_eq!(set.borrow_mut().push(b"xx", Duration::from_secs(2)).len(), 0);
        let counts = set.borrow().info()[0].counts;
        assert_eq!((counts.fired, counts.failed, counts.suppressed), (2, 2, 4), "the third has not run yet");
    }

    #[test]
    fn on_messages_it_is_given_the_message_and_the_groups_of_what_was_looked_at() {
        let program = played([]);
        let mut set = TriggerSet::default();
        set.set(scripted("t", "^!(.+)$", On::message(Some("params.1")).unwrap(), &program)).unwrap();
        assert!(set.watches_messages() && set.push(b"!x", Duration::ZERO).is_empty());
        let message = r##"{"command":"PRIVMSG","params":["#a","!time"]}"##;
        let fired = set.message(message, Duration::ZERO).remove(0);
        let Reply::Script(one) = fired.reply else { panic!() };
        let expected = (b"!time".to_vec(), vec![group(None, Some(b"time"))], Some(Rc::from(message)));
        assert_eq!((one.input.matched.clone(), one.input.groups.clone(), one.input.message.clone()), expected);
        let set = RefCell::new(set);
        run(&set, "t", *one, 0);
        set.borrow_mut().could_not_answer("t", "no");
        let counts = set.borrow().info()[0].counts;
        assert_eq!((counts.fired, counts.unanswerable), (1, 1), "the run went well");
    }

    #[test]
    fn what_runs_are_given_is_bounded() {
        let program = played([]);
        let set = set("(?s)<.*?>", &program);
        push(&set, b"<");
        assert!(push(&set, &vec![b'x'; usize::try_from(WINDOW).unwrap()]).is_empty());
        assert!(push(&set, b">").is_empty());
        assert_eq!(set.borrow().info()[0].counts.unanswerable, 1, "its beginning is gone");
        let (many, program) = ("(".repeat(60) + "x+" + &")".repeat(60) + ";", played([]));
        set.borrow_mut().set(scripted("t", &many, On::Bytes, &program)).unwrap();
        let line = [&[b'x'; 10_000][..], b";"].concat();
        let firings = set.borrow_mut().push(&line.repeat(9), Duration::ZERO);
        assert_eq!(firings.len(), 6, "61 times 10,000 bytes each: 4 MiB in all");
        let longer = [&[b'x'; 20_000][..], b";"].concat();
        assert!(push(&set, &longer).is_empty(), "61 times 20,000 bytes are more than 1 MiB");
        let mut on_message = TriggerSet::default();
        on_message.set(scripted("t", "a", On::message(None).unwrap(), &program)).unwrap();
        assert_eq!(on_message.message(&format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20)), Duration::ZERO), []);
    }

    #[test]
    fn programs_and_sources_count_in_memory() {
        let response = Trigger::new("t", "x", "", Encoding::Utf8, None).unwrap().most_memory();
        let script = scripted("t", "x", On::Bytes, &played([])).most_memory();
        assert_eq!(script - response, (64 << 10) + 100);
    }
}
