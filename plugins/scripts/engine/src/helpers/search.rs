//! Regular expressions over bytes. `\w`, `\d` and cases are ASCII's.

use std::rc::Rc;

use regex::bytes::{Captures, Regex, RegexBuilder};
use rhai::{Array, Dynamic, Engine, ImmutableString};

use crate::bytes::{Bytes, octets};
use crate::fault::{Failable, exceeded, fine, wrong};
use crate::turn::Turn;

/// Bytes of a pattern, and of what it is compiled to.
const LONGEST: usize = 1024;
const LARGEST: usize = 128 << 10;

/// Groups within one another.
const DEEPEST: u32 = 32;

fn compiled(source: &str) -> Failable<Regex> {
    if source.len() > LONGEST {
        return exceeded(format!("the pattern has {} bytes, {LONGEST} are allowed", source.len()));
    }
    let mut builder = RegexBuilder::new(source);
    builder.unicode(false).size_limit(LARGEST).dfa_size_limit(LARGEST).nest_limit(DEEPEST);
    match builder.build() {
        Ok(pattern) => Ok(pattern),
        Err(regex::Error::CompiledTooBig(_)) => exceeded("the pattern is too large once compiled; repeat less"),
        // Its text points at the place by several lines: the last says what is wrong.
        Err(error) => {
            let text = error.to_string();
            wrong(format!(
                "the pattern is wrong: {}",
                text.lines().last().unwrap_or_default().trim_start_matches("error: ")
            ))
        }
    }
}

/// The pattern, and what is searched. The longer both are, the more it costs.
fn searched(turn: &Turn, pattern: &str, value: &Dynamic) -> Failable<(Rc<Regex>, Bytes)> {
    let bytes = octets(value)?;
    let regex = turn.pattern(pattern, |source| {
        turn.reads(source.len().saturating_mul(256));
        compiled(source)
    })?;
    turn.reads(bytes.len().saturating_mul(1 + pattern.len() / 4));
    Ok((regex, bytes))
}

/// A match's groups: the whole first, nothing for a group that took no part.
fn groups(captures: &Captures) -> Array {
    let group = |group: Option<regex::bytes::Match>| {
        group.map_or(Dynamic::UNIT, |group| Dynamic::from(Bytes::from(group.as_bytes())))
    };
    captures.iter().map(group).collect()
}

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    let searcher = Rc::clone(turn);
    engine.register_fn("matches", move |pattern: ImmutableString, value: Dynamic| {
        searched(&searcher, &pattern, &value).map(|(regex, bytes)| regex.is_match(&bytes))
    });
    let searcher = Rc::clone(turn);
    engine.register_fn("find", move |pattern: ImmutableString, value: Dynamic| {
        let (regex, bytes) = searched(&searcher, &pattern, &value)?;
        fine(regex.captures(&bytes).map_or(Dynamic::UNIT, |captures| groups(&captures).into()))
    });
    let searcher = Rc::clone(turn);
    engine.register_fn("find_all", move |pattern: ImmutableString, value: Dynamic| {
        let (regex, bytes) = searched(&searcher, &pattern, &value)?;
        let mut all = Array::new();
        for found in regex.find_iter(&bytes) {
            searcher.holds(all.len() + 1)?;
            all.push(Dynamic::from(Bytes::from(found.as_bytes())));
        }
        fine(all)
    });
}
