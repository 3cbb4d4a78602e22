//! Triggers that look at messages. A pattern is matched against the text of one member, or all of
//! the message's JSON, from its beginning to its end: each message fires a trigger once at most.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::entry::Entry;
use super::{EXPANDED, TriggerSet};
use crate::scanner::Scanner;
use crate::trigger::{Action, FireLimits, Fired, On, Reply};

/// The most characters that are kept of an error.
pub(super) const ERROR: usize = 300;

impl TriggerSet {
    /// Whether a trigger looks at messages.
    pub fn watches_messages(&self) -> bool {
        self.entries.iter().any(|entry| entry.is_on_message() && !entry.is_over())
    }

    /// Takes a message's JSON: what fires, in the order in which the triggers were set.
    pub fn message(&mut self, message: &str, now: Duration) -> Vec<Fired> {
        let mut fired = Vec::new();
        let mut expanded = EXPANDED;
        let (mut parsed, mut shared) = (None, None);
        for entry in self.entries.iter_mut().filter(|entry| !entry.is_over()) {
            let On::Message(member) = &entry.trigger.on else { continue };
            let looked_at = match member {
                None => Some(std::borrow::Cow::Borrowed(message)),
                Some(member) => {
                    let value =
                        parsed.get_or_insert_with(|| serde_json::from_str::<Value>(message).unwrap_or_default());
                    member.of(value)
                }
            };
            if let Some(text) = looked_at {
                let whole = || Rc::clone(shared.get_or_insert_with(|| Rc::from(message)));
                fired.extend(entry.look_at(&text, whole, self.limits, &mut expanded, now));
            }
        }
        fired
    }

    /// The handler could not make bytes of what this trigger answered, or of
    /// one message of its script.
    pub fn could_not_answer(&mut self, id: &str, why: &str) {
        let why: String = why.chars().take(ERROR).collect();
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.trigger.id() == id) else {
            return self.stopped.could_not_answer(id, why);
        };
        if matches!(entry.trigger.action, Action::Respond(_)) {
            entry.counts.fired = entry.counts.fired.saturating_sub(1);
        }
        entry.counts.unanswerable += 1;
        entry.error = Some(why);
    }
}

impl Entry {
    fn look_at(
        &mut self,
        text: &str,
        whole: impl FnOnce() -> Rc<str>,
        limits: FireLimits,
        expanded: &mut usize,
        now: Duration,
    ) -> Option<Fired> {
        let pattern = &self.trigger.pattern;
        let mut scanner = Scanner::new(pattern.clone(), 0, None);
        let end = scanner.feed(text.as_bytes()).or_else(|| scanner.at_end_of_data())?;
        if !self.admits(limits, now) {
            return None;
        }
        let (fixed, message) = match &self.trigger.action {
            Action::Respond(response) => (response.fixed(), None),
            Action::Run(_) => (None, Some(whole())),
        };
        let reply = fixed.map(Reply::Bytes).or_else(|| {
            let pattern = &self.trigger.pattern;
            let end = usize::try_from(end).unwrap_or(text.len()).min(text.len());
            let captures = pattern.captures(&mut pattern.capture_cache(), text.as_bytes(), 0, end)?;
            let group = |index| captures.get_group(index).map(|span| &text.as_bytes()[span.range()]);
            self.reply(group, message.as_ref(), expanded)
        });
        self.count(reply.as_ref());
        reply.map(|reply| Fired { trigger_id: Arc::clone(&self.trigger.id), reply })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Encoding;
    use crate::trigger::{Trigger, TriggerError, Written};

    const TEXT: Written = Written::As(Encoding::Utf8);

    fn trigger(pattern: &str, member: Option<&str>, response: &str, written: Written) -> Trigger {
        Trigger::on_message("t", pattern, member, response, written, None).unwrap()
    }

    fn replies(trigger: Trigger, messages: &[&str]) -> Vec<String> {
        let mut set = TriggerSet::default();
        set.set(trigger).unwrap();
        let fired = messages.iter().flat_map(|message| set.message(message, Duration::ZERO)).collect::<Vec<_>>();
        let text = |fired: Fired| match fired.reply {
            Reply::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Reply::Message(text) => text,
            Reply::Script(_) => "script".to_owned(),
        };
        fired.into_iter().map(text).collect()
    }

    const PING: &str = r#"{"command":"PING","params":["a b \"c\""]}"#;
    const OTHER: &str = r#"{"command":"NOTICE","params":["PING","x"]}"#;

    #[test]
    fn a_member_is_matched_by_its_text() {
        assert_eq!(replies(trigger("^PING$", Some("command"), "yes", TEXT), &[PING, OTHER]), ["yes"]);
        assert_eq!(
            replies(trigger("^(.+)$", Some("params.0"), "[$1]", TEXT), &[PING, OTHER]),
            ["[a b \"c\"]", "[PING]"]
        );
        assert_eq!(replies(trigger("PING", Some("params"), "x", TEXT), &[PING, OTHER]), ["x"], "JSON of a list");
        assert_eq!(replies(trigger("PING", Some("none"), "x", TEXT), &[PING, OTHER]), [""; 0]);
    }

    #[test]
    fn without_a_member_all_of_the_json_is_matched_once() {
        assert_eq!(replies(trigger("PING", None, "x", TEXT), &[PING, OTHER]), ["x", "x"]);
        assert_eq!(replies(trigger("[a-z]", None, "x", TEXT), &[PING]), ["x"], "once a message");
    }

    #[test]
    fn a_response_that_is_a_message_has_groups_in_its_texts() {
        let response = r#"{"command": "PONG", "params": ["$1", "$$", 5], "$1": {"deep": "<$1>"}}"#;
        let told = replies(trigger("^(.+)$", Some("params.0"), response, Written::Message), &[PING]);
        let expected = r#"{"command":"PONG","params":["a b \"c\"","$",5],"$1":{"deep":"<a b \"c\">"}}"#;
        assert_eq!(told, [expected]);
        for (text, word) in
            [("[1]", "another value"), ("{", "EOF"), ("", "EOF"), (r#"{"a": ["$2"]}"#, "unknown group `$2`")]
        {
            let refused = Trigger::on_message("t", "(a)", None, text, Written::Message, None).unwrap_err();
            assert_eq!(refused.argument(), "response");
            assert!(refused.to_string().contains(word), "{text}: {refused}");
        }
        let refused = Trigger::on_message("t", "a", None, "{}", Written::Message, Some("0a")).unwrap_err();
        assert_eq!(refused.argument(), "response_terminator");
        let refused = Trigger::on_message("t", "a", Some("a..b"), "x", TEXT, None).unwrap_err();
        assert!(matches!(refused, TriggerError::Member(_)) && refused.argument() == "member");
    }

    #[test]
    fn such_a_trigger_sees_no_bytes_and_the_others_no_messages() {
        let mut set = TriggerSet::default();
        set.set(trigger("PING", None, "message", TEXT)).unwrap();
        set.set(Trigger::new("bytes", "PING", "bytes $0", Encoding::Utf8, None).unwrap()).unwrap();
        assert!(set.watches_messages());
        let bytes = set.push(b"PING", Duration::ZERO);
        assert_eq!((bytes.len(), &**bytes[0].reply.bytes().unwrap()), (1, &b"bytes PING"[..]));
        let fired = set.message(PING, Duration::ZERO);
        assert_eq!((fired.len(), &*fired[0].trigger_id), (1, "t"));
        assert_eq!(
            set.info().iter().map(|info| (info.on.name(), info.counts.fired)).collect::<Vec<_>>(),
            [("message", 1), ("bytes", 1)]
        );
    }

    #[test]
    fn loops_and_failures_are_counted() {
        let mut set = TriggerSet::new(FireLimits { per_second: 2, total: 3 });
        set.set(trigger("PING", None, "x", TEXT)).unwrap();
        let fires = |set: &mut TriggerSet, at| set.message(PING, Duration::from_secs(at)).len();
        assert_eq!((fires(&mut set, 0), fires(&mut set, 0), fires(&mut set, 0), fires(&mut set, 1)), (1, 1, 0, 1));
        assert_eq!(fires(&mut set, 2), 0, "the total");
        set.could_not_answer("t", &"y".repeat(1000));
        let info = &set.info()[0];
        assert_eq!((info.counts.fired, info.counts.suppressed, info.counts.unanswerable), (2, 2, 1));
        assert_eq!(info.error.as_ref().map(String::len), Some(300));
        assert_eq!(fires(&mut set, 4), 0, "what could not be answered counts against the total");
    }

    #[test]
    fn what_it_looks_at_is_bounded() {
        let big = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        let response = "$1".repeat(20);
        let mut set = TriggerSet::default();
        set.set(trigger("(x+)", Some("a"), &response, TEXT)).unwrap();
        assert_eq!(set.message(&big, Duration::ZERO), []);
        assert_eq!(set.info()[0].counts.unanswerable, 1);
    }
}
