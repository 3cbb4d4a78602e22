//! Where GNU grep (3.8, and 3.12 alike) does not mean one thing, as narrowly as can be said. It has
//! two matchers, which take an operator without anything to repeat differently, and which of them
//! looks at a pattern depends on the options and on the locale.

use super::cases::Case;

/// Whether the pattern has an operator that GNU grep's two matchers take for two things, and its
/// second one is asked. The first takes `{1}` at the beginning for a repetition of nothing, and
/// `^*` for one of an anchor. The second passes over the `{` alone, reads on at `1}`, and passes
/// over the `*`. (`grep -E '{1}a'` finds `a`, and `grep -oE '{1}a'` prints `1}a`.)
pub fn has_two_meanings(case: &Case) -> bool {
    // What UTF-8 makes of a list and of `\w`, and the edges of words, is the second matcher's; so
    // is -w, which asks for a list.
    let second = ["-o", "-w"].iter().any(|option| case.has(option)) || case.pattern.contains(['\\', '[', 'é']);
    case.has("-E") && second && case.pattern.split('\n').any(repeats_no_text)
}

fn repeats_no_text(pattern: &str) -> bool {
    let mut rest = pattern.chars().peekable();
    // Whether something is there that can be repeated; whether the last thing was an anchor, or an
    // operator that repeats nothing.
    let (mut piece, mut anchor, mut idle) = (false, false, false);
    while let Some(c) = rest.next() {
        match c {
            '{' if anchor || !piece => return true,
            '*' | '?' if anchor => return true,
            '+' if anchor => {}
            '*' | '?' | '+' if !piece => idle = true,
            '*' | '?' | '+' | '{' => {}
            // The first ends a group there; to the second it is a character,
            // which what follows repeats.
            ')' if idle => return true,
            '^' | '$' => anchor = true,
            '(' | '|' => (piece, anchor, idle) = (false, false, false),
            '\\' => match rest.next() {
                Some('<' | '>' | 'b' | 'B' | '`' | '\'') => anchor = true,
                _ => (piece, anchor, idle) = (true, false, false),
            },
            '[' => {
                let _ = rest.next_if_eq(&'^');
                let _ = rest.next_if_eq(&']');
                let mut last = '[';
                for c in rest.by_ref() {
                    // Not the end of `[:alpha:]` inside.
                    if c == ']' && !matches!(last, ':' | '.' | '=') {
                        break;
                    }
                    last = c;
                }
                (piece, anchor, idle) = (true, false, false);
            }
            _ => (piece, anchor, idle) = (true, false, false),
        }
    }
    false
}

/// Whether GNU grep's own parenthesis is closed by the pattern's: with `-w` and `-x` it puts the
/// pattern between `^(` and `)$`, and a `)` without its partner is a character in an extended
/// expression. (`echo ab | grep -xE 'a)|c'` finds it.)
pub fn closes_what_it_has_not_opened(case: &Case) -> bool {
    let closes = |pattern: &str| {
        let (mut open, mut rest) = (0, pattern.chars());
        while let Some(c) = rest.next() {
            match c {
                '\\' => drop(rest.next()),
                '(' => open += 1,
                ')' if open == 0 => return true,
                ')' => open -= 1,
                _ => {}
            }
        }
        false
    };
    case.has("-E") && (case.has("-w") || case.has("-x")) && case.pattern.split('\n').any(closes)
}

/// Whether GNU grep says nothing at all, not even `0`: it looks at no file where an
/// empty pattern is inverted.
pub fn looks_at_nothing(case: &Case) -> bool {
    let some = ["-w", "-x"].iter().any(|option| case.has(option));
    case.pattern.is_empty() && case.has("-v") && !some
}

/// A text without the empty matches that GNU grep prints with `-o -w -x`, behind each match.
/// (`echo a | grep -owx a` prints two lines.)
pub fn without_empty_matches(case: &Case, text: String) -> String {
    if !["-o", "-w", "-x"].iter().all(|option| case.has(option)) {
        return text;
    }
    text.split_inclusive('\n')
        .filter(|line| !matches!(line.trim_end(), "") && !line.ends_with(":\n") && !line.ends_with("-\n"))
        .collect()
}

/// Whether GNU grep has only lost matches, as it does with `-o -w`: once one is found on a line, it
/// looks for shorter ones in a part of the line that is too short by what is behind it.
/// (`echo 'foo foo foo-barx' | grep -owE 'foo(-bar)?'` prints two of three.)
pub fn has_lost_matches(case: &Case, theirs: &str, ours: &str) -> bool {
    let mut lines = ours.lines();
    case.has("-o") && case.has("-w") && !case.has("-x") && theirs.lines().all(|line| lines.any(|ours| ours == line))
}

/// Whether GNU grep finds fewer lines because of a `-w`: it takes an empty match only where
/// no longer one begins. (`echo '?a' | grep -w '\W*'` finds nothing, though there is
/// nothing before the `?`.)
pub fn passes_over_empty_words(case: &Case, theirs: &[u64], ours: &[u64]) -> bool {
    case.has("-w") && !case.has("-x") && theirs.len() < ours.len() && theirs.iter().all(|number| ours.contains(number))
}

/// Whether GNU grep refuses a range that begins with `[`: with `-i` it ends one at `A` where `a` is
/// written. (`grep -i '[[-a]'`: "Invalid range end".)
pub fn refuses_a_range_from_a_bracket(case: &Case) -> bool {
    case.has("-i") && !case.has("-P") && !case.has("-F") && case.pattern.contains("[[-")
}
