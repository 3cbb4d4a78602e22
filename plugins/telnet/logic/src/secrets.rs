//! What is not to be shown on one connection: it outlives a conversation, as the connection may.
//!
//! A secret is looked for in all text at once, however many there are, and also where
//! the text comes in pieces.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// What a secret is replaced by.
pub const MASK: &str = "[secret]";
/// A shorter one could stand anywhere by chance: it is masked where it is a word of its
/// own, or comes back at once.
const TELLING: usize = 4;
/// The most secrets of one connection, and the most bytes of all of them.
pub const MOST: usize = 1024;
/// See [`MOST`].
pub const BYTES: usize = 64 << 10;

/// Secrets, and what came that could be the beginning of one.
#[derive(Debug, Default)]
pub struct Secrets {
    known: HashSet<String>,
    bytes: usize,
    longest: usize,
    finder: Option<AhoCorasick>,
    /// What the server may be about to echo.
    echo: String,
    held: String,
    /// The last character that was let go.
    before: Option<char>,
}

/// The lines of a secret: each is one of its own. Of several, the short ones say nothing.
fn lines(secret: &str) -> impl Iterator<Item = &str> {
    let is_one = !secret.trim_end_matches(['\r', '\n']).contains(['\r', '\n']);
    let tells = move |line: &&str| !line.trim().is_empty() && (is_one || line.len() >= TELLING);
    secret.split(['\r', '\n']).filter(tells)
}

/// How many secrets a text has, and of how many bytes.
pub(crate) fn size(secret: &str) -> (usize, usize) {
    lines(secret).fold((0, 0), |(count, bytes), line| (count + 1, bytes + line.len()))
}

impl Secrets {
    /// Whether there is room for these as well.
    pub fn has_room_for(&self, secret: &str) -> bool {
        let (count, bytes) = size(secret);
        self.known.len() + count <= MOST && self.bytes + bytes <= BYTES
    }

    /// Hides this text and its echo from now on. A text for which there is no room is not kept, so
    /// the caller asks for room first.
    pub fn keep(&mut self, secret: &str) {
        secret.split(['\r', '\n']).next().unwrap_or_default().clone_into(&mut self.echo);
        if !self.has_room_for(secret) {
            return;
        }
        let before = self.known.len();
        for line in lines(secret) {
            if self.known.insert(line.to_owned()) {
                self.bytes += line.len();
                self.longest = self.longest.max(line.len());
            }
        }
        if self.known.len() > before {
            // The longest first: one may be a part of another.
            let builder = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(&self.known);
            self.finder = builder.ok();
        }
    }

    /// A whole text without secrets.
    pub fn masked(&self, text: &str) -> String {
        let mut out = String::new();
        self.mask(text, text.len(), None, &mut out);
        out
    }

    /// The next piece of what the server wrote, without secrets. What could go on with the
    /// next piece is held back.
    pub fn heard(&mut self, piece: &str) -> String {
        let (mut out, mut piece) = (String::new(), piece);
        if !self.echo.is_empty() && !piece.is_empty() {
            if let Some(rest) = piece.strip_prefix(self.echo.as_str()) {
                (self.echo, piece) = (String::new(), rest);
                out.push_str(MASK);
            } else if self.echo.starts_with(piece) {
                self.echo.drain(..piece.len());
                return MASK.to_owned();
            } else {
                self.echo.clear();
            }
        }
        let mut text = std::mem::take(&mut self.held);
        text.push_str(piece);
        let sure = if text.ends_with('\n') { text.len() } else { text.len().saturating_sub(self.longest) };
        let done = self.mask(&text, sure, self.before, &mut out);
        self.held = text.split_off(done);
        self.before = text.chars().next_back().or(self.before);
        out
    }

    /// What was held back, when nothing follows.
    pub fn rest(&mut self) -> String {
        let (text, before, mut out) = (std::mem::take(&mut self.held), self.before.take(), String::new());
        self.mask(&text, text.len(), before, &mut out);
        out
    }

    /// Appends the text without secrets, up to `sure` or to the end of the secret that lies across
    /// it. Gives where that is.
    fn mask(&self, text: &str, sure: usize, before: Option<char>, out: &mut String) -> usize {
        let sure = (0..=sure.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let (mut done, mut from) = (0, 0);
        while let Some(found) = self.finder.as_ref().and_then(|finder| finder.find(text.get(from..)?)) {
            let (start, end) = (from + found.start(), from + found.end());
            if start >= sure {
                break;
            }
            let previous = text[..start].chars().next_back().or(before);
            let next = text[end..].chars().next();
            let is_word = [previous, next].iter().flatten().all(|c| !c.is_alphanumeric());
            if end - start < TELLING && !is_word {
                from = start + text[start..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            out.push_str(&text[done..start]);
            out.push_str(MASK);
            (done, from) = (end, end);
        }
        if done < sure {
            out.push_str(&text[done..sure]);
            done = sure;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(secrets: &[&str]) -> Secrets {
        let mut all = Secrets::default();
        secrets.iter().for_each(|secret| all.keep(secret));
        all.echo.clear();
        all
    }

    #[test]
    fn a_short_secret_is_masked_as_a_word() {
        let secrets = of(&["pw"]);
        assert_eq!(secrets.masked("pw, (pw) pwd apw pw"), "[secret], ([secret]) pwd apw [secret]");
        assert_eq!(of(&["pw", "xpwx"]).masked("xpwx ypwy"), "[secret] ypwy");
    }

    #[test]
    fn an_echo_is_masked_also_in_parts() {
        let mut secrets = Secrets::default();
        secrets.keep("hunter22\n");
        assert_eq!((secrets.heard("hunt"), secrets.heard("er22 ok\n")), (MASK.to_owned(), format!("{MASK} ok\n")));
        assert_eq!(secrets.heard("hunt the hunter\n"), "hunt the hunter\n");
    }

    #[test]
    fn a_secret_in_two_pieces_is_one() {
        let mut secrets = of(&["hunter22", "a very long secret that is not there"]);
        let shown = secrets.heard("it was hun") + &secrets.heard("ter22, really") + &secrets.rest();
        assert_eq!(shown, "it was [secret], really");
    }

    #[test]
    fn many_secrets_cost_little_and_too_many_are_refused() {
        let many: String = (10_000..11_000).map(|n| format!("{n}\n")).collect();
        let mut secrets = of(&[&many]);
        assert_eq!(secrets.masked("10999 and 12000"), "[secret] and 12000");
        assert!(secrets.has_room_for("one more") && !secrets.has_room_for(&many));
        assert!(!secrets.has_room_for(&"x".repeat(BYTES)));
        let begun = std::time::Instant::now();
        (0..2000).for_each(|_| _ = secrets.heard(&("1000 ".repeat(100) + "\n")));
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    proptest! {
        #[test]
        fn it_masks_alike_however_the_text_is_cut(pieces in prop::collection::vec("[ab c\n]{0,9}", 0..20)) {
            let mut secrets = of(&["abab", "ca", "bcabcab"]);
            let whole = secrets.masked(&pieces.concat());
            let cut: String = pieces.iter().map(|piece| secrets.heard(piece)).collect();
            // A short one is taken for a word at the end of a line, whatever follows.
            prop_assert_eq!(cut + &secrets.rest(), whole);
        }
    }
}
