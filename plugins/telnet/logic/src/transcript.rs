//! Who said what, and when: bounded, and without what is secret.
//!
//! Every piece may take half of what is left for its beginning and a quarter for its end; what lies
//! between is counted. So a flood takes no later piece's place.

use std::time::Duration;

use crate::secrets::Secrets;

/// What a piece costs beside its text.
const OVERHEAD: usize = 64;

/// Who spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The server.
    Server,
    /// We.
    Client,
}

/// Why what we sent is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// It is secret, or answered a question for something secret.
    Secret,
    /// The server echoes what may be seen of it, where it wants it to be seen.
    Echo,
}

/// One piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose it is.
    pub speaker: Speaker,
    /// The step that was waiting or that sent it, from 1; 0 is the login.
    pub step: Option<usize>,
    /// When it began.
    pub at: Duration,
    /// The text; of a long one, the beginning.
    pub text: String,
    /// Bytes left out after `text`.
    pub left_out: usize,
    /// The end of a long text.
    pub end: String,
    /// Bytes sent, for what we said.
    pub bytes: usize,
    /// Why there is no text.
    pub hidden: Option<Hidden>,
    /// How many times it was sent.
    pub times: usize,
}

/// A conversation so far.
#[derive(Debug)]
pub struct Transcript {
    entries: Vec<Entry>,
    left: usize,
    /// Pieces for which there was no room at all.
    dropped: usize,
    open: bool,
    secrets: Secrets,
}

impl Transcript {
    /// An empty one of so many bytes at most, on a connection with these secrets.
    pub fn new(most: usize, secrets: Secrets) -> Self {
        Self { entries: Vec::new(), left: most, dropped: 0, open: false, secrets }
    }

    /// What is not shown.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The server has written a line, or a piece of one.
    pub fn heard(&mut self, line: &str, step: Option<usize>, at: Duration) {
        if line.is_empty() {
            return;
        }
        let line = self.secrets.heard(line);
        if !self.open {
            let entry = Entry {
                speaker: Speaker::Server,
                step,
                at,
                text: String::new(),
                left_out: 0,
                end: String::new(),
                bytes: 0,
                hidden: None,
                times: 1,
            };
            if !self.push(entry) {
                return;
            }
            self.open = true;
        }
        self.append(&line);
    }

    fn append(&mut self, line: &str) {
        let Some(entry) = self.entries.last_mut() else { return };
        // What is left was reckoned when the piece began; it is taken off when the piece ends.
        let (first, last) = (self.left / 2, self.left / 4);
        let begins =
            if entry.left_out == 0 && entry.end.is_empty() { first.saturating_sub(entry.text.len()) } else { 0 };
        let cut = floor(line, begins);
        entry.text.push_str(&line[..cut]);
        entry.end.push_str(&line[cut..]);
        if entry.end.len() > last * 2 {
            let drop = ceil(&entry.end, entry.end.len() - last);
            entry.left_out += drop;
            entry.end.drain(..drop);
        }
    }

    /// The server's piece is over: what follows is another.
    pub fn pause(&mut self) {
        let rest = self.secrets.rest();
        if !self.open {
            return;
        }
        self.append(&rest);
        self.open = false;
        let Some(entry) = self.entries.last_mut() else { return };
        let last = self.left / 4;
        if entry.end.len() > last {
            let drop = ceil(&entry.end, entry.end.len() - last);
            entry.left_out += drop;
            entry.end.drain(..drop);
        }
        if entry.left_out == 0 {
            entry.text.push_str(&std::mem::take(&mut entry.end));
        }
        self.left = self.left.saturating_sub(entry.text.len() + entry.end.len());
    }

    /// We have sent something. Text that is hidden is not kept; a secret that the server
    /// sends back at once is masked.
    pub fn said(&mut self, text: &str, bytes: usize, hidden: Option<Hidden>, step: Option<usize>, at: Duration) {
        self.pause();
        if hidden == Some(Hidden::Secret) {
            self.secrets.keep(text);
        }
        let shown = if hidden.is_some() { String::new() } else { self.secrets.masked(text) };
        let cut = floor(&shown, self.left.saturating_sub(OVERHEAD) / 2);
        let entry = Entry {
            speaker: Speaker::Client,
            step,
            at,
            text: shown[..cut].to_owned(),
            left_out: shown.len() - cut,
            end: String::new(),
            bytes,
            hidden,
            times: 1,
        };
        if self.push(entry) {
            self.left = self.left.saturating_sub(cut);
        }
    }

    /// The same was sent once more, in the midst of what the server writes;
    /// the server's piece goes on.
    pub fn repeated(&mut self, text: &str, bytes: usize, step: Option<usize>, at: Duration) {
        let same = |entry: &&mut Entry| entry.speaker == Speaker::Client && entry.step == step;
        if let Some(entry) = self.entries.iter_mut().rev().take(8).find(same) {
            entry.times += 1;
            return;
        }
        // Before the server's piece that it interrupts, which stays the last.
        let cut = floor(text, (self.left.saturating_sub(OVERHEAD) / 2).min(256));
        let shown = self.secrets.masked(&text[..cut]);
        let cut = shown.len();
        let entry = Entry {
            speaker: Speaker::Client,
            step,
            at,
            text: shown,
            left_out: 0,
            end: String::new(),
            bytes,
            hidden: None,
            times: 1,
        };
        let last = self.entries.len();
        if self.push(entry) {
            self.left = self.left.saturating_sub(cut);
            if self.open && last > 0 {
                self.entries.swap(last - 1, last);
            }
        }
    }

    fn push(&mut self, entry: Entry) -> bool {
        if self.left < OVERHEAD {
            self.dropped += 1;
            return false;
        }
        self.left -= OVERHEAD;
        self.entries.push(entry);
        true
    }

    /// All pieces, how many were dropped for want of room, and the secrets.
    pub fn finish(mut self) -> (Vec<Entry>, usize, Secrets) {
        self.pause();
        (self.entries, self.dropped, self.secrets)
    }
}

/// The last place at or before `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// The first place at or after `at` where a character begins.
fn ceil(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Duration = Duration::ZERO;

    fn texts(transcript: Transcript) -> Vec<String> {
        transcript.finish().0.into_iter().map(|entry| format!("{}|{}", entry.text, entry.end)).collect()
    }

    #[test]
    fn pieces_stand_in_their_order() {
        let mut transcript = Transcript::new(10_000, Secrets::default());
        transcript.heard("hello\n", Some(1), NOW);
        transcript.heard("login: ", Some(1), NOW);
        transcript.said("root\n", 6, None, Some(1), NOW);
        transcript.heard("welcome\n", Some(2), NOW);
        assert_eq!(texts(transcript), ["hello\nlogin: |", "root\n|", "welcome\n|"]);
    }

    #[test]
    fn a_long_piece_keeps_its_beginning_and_its_end() {
        let mut transcript = Transcript::new(1064, Secrets::default());
        for n in 0..1000 {
            transcript.heard(&format!("line {n}\n"), None, NOW);
        }
        transcript.said("x", 1, None, None, NOW);
        transcript.heard("there is room for more\n", None, NOW);
        let (entries, dropped, _) = transcript.finish();
        let flood = &entries[0];
        assert!(flood.text.starts_with("line 0\nline 1\n") && flood.text.len() <= 500, "{}", flood.text);
        assert!(flood.end.ends_with("line 998\nline 999\n") && flood.end.len() <= 250, "{}", flood.end);
        let all = (0..1000).map(|n| format!("line {n}\n").len()).sum::<usize>();
        assert_eq!(flood.text.len() + flood.left_out + flood.end.len(), all);
        assert_eq!((entries[2].text.as_str(), entries[2].left_out), ("there is room for more\n", 0));
        assert_eq!(dropped, 0);
    }

    #[test]
    fn secrets_are_masked_wherever_they_come_back() {
        let mut transcript = Transcript::new(10_000, Secrets::default());
        transcript.said("hunter22\n", 10, Some(Hidden::Secret), None, NOW);
        transcript.heard("hunter22\n", None, NOW);
        transcript.heard("you wrote hunter22, hunter22\n", None, NOW);
        transcript.said("hunter22\n", 10, None, None, NOW);
        transcript.said("pw\n", 4, Some(Hidden::Secret), None, NOW);
        transcript.heard("pw\n", None, NOW);
        transcript.heard("pwd\n", None, NOW);
        let expected = ["|", "[secret]\nyou wrote [secret], [secret]\n|", "[secret]\n|", "|", "[secret]\npwd\n|"];
        assert_eq!(texts(transcript), expected);
    }

    #[test]
    fn what_is_sent_again_and_again_does_not_cut_the_answer() {
        let mut transcript = Transcript::new(10_000, Secrets::default());
        for page in 0..3 {
            transcript.heard(&format!("page {page}\n"), Some(2), NOW);
            transcript.repeated(" ", 1, Some(2), NOW);
        }
        transcript.heard("end\n", Some(2), NOW);
        let (entries, ..) = transcript.finish();
        assert_eq!((entries[0].text.as_str(), entries[0].times), (" ", 3));
        assert_eq!(entries[1].text, "page 0\npage 1\npage 2\nend\n");
        assert_eq!(entries.len(), 2);
    }

    proptest! {
        #[test]
        fn it_never_grows_beyond_its_bound(
            most in 0usize..2000, turns in prop::collection::vec(("[a-zé€\n]{0,80}", any::<bool>()), 0..50),
        ) {
            let mut transcript = Transcript::new(most, Secrets::default());
            for (text, ours) in &turns {
                match ours {
                    true => transcript.said(text, text.len(), None, None, NOW),
                    false => transcript.heard(text, None, NOW),
                }
            }
            let (entries, ..) = transcript.finish();
            let size: usize = entries.iter().map(|entry| entry.text.len() + entry.end.len() + OVERHEAD).sum();
            prop_assert!(size <= most, "{} of {}", size, most);
        }
    }
}
