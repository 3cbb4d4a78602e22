//! Triggers against models: however a stream is cut, delimited matches fire alike, and at
//! every cut the rule "first match in what has arrived and is not spent" holds against a
//! plain search over all data.

#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use proptest::prelude::*;
use regex_automata::Input;
use regex_automata::nfa::thompson;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::util::syntax;
use tcp_logic::encoding::Encoding;
use tcp_logic::trigger::{FireLimits, Trigger};
use tcp_logic::trigger_set::TriggerSet;

/// What fired: the end of the match and the response.
type Fired = Vec<(u64, Vec<u8>)>;

const NO_LIMITS: FireLimits = FireLimits { per_second: u32::MAX, total: u64::MAX };

fn fire(pattern: &str, response: &str, segments: &[&[u8]]) -> Fired {
    let mut set = TriggerSet::new(NO_LIMITS);
    set.set(Trigger::new("t", pattern, response, Encoding::Utf8, None).unwrap()).unwrap();
    let firings = segments.iter().flat_map(|segment| set.push(segment, Duration::ZERO)).collect::<Vec<_>>();
    firings.into_iter().map(|firing| (firing.end, firing.reply.bytes().unwrap().to_vec())).collect()
}

/// The rule, spelled out: after each segment, search all data from where the last match ended.
fn model(pattern: &str, segments: &[&[u8]]) -> Fired {
    let config = syntax::Config::new().unicode(false).utf8(false).multi_line(true).crlf(true);
    let vm = PikeVM::builder().syntax(config).thompson(thompson::Config::new().utf8(false)).build(pattern).unwrap();
    let (mut cache, mut captures) = (vm.create_cache(), vm.create_captures());
    let (mut data, mut spent, mut fired) = (Vec::new(), 0, Fired::new());
    for segment in segments {
        data.extend_from_slice(segment);
        loop {
            vm.captures(&mut cache, Input::new(&data).range(spent..), &mut captures);
            let Some(found) = captures.get_match() else {
                break;
            };
            let group = captures.get_group(1).map_or(&b""[..], |group| &data[group.range()]);
            fired.push((found.end() as u64, [b"<", group, b">"].concat()));
            spent = found.end();
        }
    }
    fired
}

fn cut<'d>(data: &'d [u8], cuts: &[usize]) -> Vec<&'d [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (data.len() + 1)).collect();
    cuts.extend([0, data.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &data[pair[0]..pair[1]]).collect()
}

/// Streams out of a small alphabet, so that matches and near misses are frequent.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        &b"a"[..],
        b"b",
        b"ab",
        b"PING",
        b"PING :x",
        b"PIN",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\xff",
        b"\xff\xfd",
        b"\x00",
        "é".as_bytes(),
        b"<",
        b">",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

const DELIMITED: &[&str] =
    &["^PING :?([^\\n]*)\\r\\n", "(a+)\\n", "<([^>]*)>", "\\xff(\\xfd)", "\\b(ab?)\\n", "(?s)a(.)b"];

const ANY: &[&str] = &[
    "a",
    "a+",
    "(a|b)*b",
    "ab|a",
    "a|ab",
    "(a.*?)b",
    "(?s)(a.*)b|\\x00",
    "^(.)",
    "(.)$",
    "^PING(.*)$",
    "\\b(a)\\b",
    "\\Ba",
    "\\A(.)",
    "(a)\\z",
    "(?:\\r\\n|\\r|\\n)^(.)",
    "(\\xff)[^\\xfd]",
    "(?i)(ping)\\s",
    "(é)",
    "(\\w+) (\\w+)",
    "(?R)^\\n(.)",
    "((a)|b)+\\r?$",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn delimited_matches_fire_alike_however_the_stream_is_cut(
        pattern in prop::sample::select(DELIMITED), data in stream(), cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let whole = fire(pattern, "<$1>", &[&data]);
        prop_assert_eq!(fire(pattern, "<$1>", &cut(&data, &cuts)), whole.clone());
        prop_assert_eq!(fire(pattern, "<$1>", &data.chunks(1).collect::<Vec<_>>()), whole.clone());
        prop_assert_eq!(model(pattern, &[&data]), whole);
    }

    #[test]
    fn every_cut_obeys_the_rule(
        pattern in prop::sample::select(ANY), data in stream(), cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let segments = cut(&data, &cuts);
        let expected = if pattern.contains('(') { model(pattern, &segments) } else { Vec::new() };
        let ends = model(pattern, &segments).into_iter().map(|(end, _)| end).collect::<Vec<_>>();
        let fixed = fire(pattern, "x", &segments).into_iter().map(|(end, _)| end).collect::<Vec<_>>();
        prop_assert_eq!(fixed, ends);
        if tcp_logic::pattern::Pattern::new(pattern).unwrap().groups() > 1 {
            prop_assert_eq!(fire(pattern, "<$1>", &segments), expected);
        }
    }
}
