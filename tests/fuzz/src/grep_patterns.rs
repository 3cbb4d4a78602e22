//! Patterns, beside GNU grep: what `grep_tool` finds in a text is what the machine's own grep
//! finds, line for line. The inputs are turned into ASCII text and into patterns without
//! back-references, which are left out on purpose (they take exponential time).

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use files_logic::grep::{Budget, Options, Resume, Search};

use cases::Case;

/// What the exclusions are asked about.
mod cases {
    /// grep's options and pattern.
    pub struct Case {
        pub options: String,
        pub pattern: String,
    }

    impl Case {
        /// Whether this option was given.
        pub fn has(&self, option: &str) -> bool {
            self.options.split(' ').any(|one| one == option)
        }
    }
}

/// Where GNU grep does not mean one thing, as the tests of the plugin have it.
#[path = "../../../plugins/files/logic/tests/gnu_grep/quirks.rs"]
#[allow(dead_code, reason = "the target has fewer options")]
mod quirks;

/// The options that are compared, by the bits of the input's first two bytes.
const FLAGS: [&str; 5] = ["-i", "-v", "-w", "-x", "-o"];

/// Any bytes: options, a pattern's line, and the text behind it.
pub fn target(data: &[u8]) {
    let Some((&[syntax, flags], rest)) = data.split_first_chunk::<2>() else { return };
    let rest: Vec<u8> =
        rest.iter().map(|byte| byte & 0x7f).filter(|byte| (b' '..0x7f).contains(byte) || *byte == b'\n').collect();
    let at = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (pattern, text) = (String::from_utf8_lossy(&rest[..at]).into_owned(), rest.get(at + 1..).unwrap_or_default());
    let mut words = vec![["-G", "-E", "-F"][usize::from(syntax) % 3]];
    words.extend(FLAGS.iter().zip(0..).filter(|(_, bit)| (flags >> bit) & 1 == 1).map(|(flag, _)| *flag));
    let options = Options::parse(&words.join(" ")).unwrap_or_else(|error| panic!("{error}"));
    let Ok(search) = Search::new(&pattern, options) else { return };
    let mut room = Budget::new(1 << 20, 100_000);
    let found = search.run(text, &Resume::default(), false, &mut room).unwrap_or_else(|error| panic!("{error}"));
    let ours: Vec<String> = found.lines.iter().map(|line| format!("{}:{}", line.number, line.text)).collect();
    let numbers: BTreeSet<u64> = found.lines.iter().map(|line| line.number).collect();
    assert!(found.resume.is_some() || numbers.len() as u64 <= found.matches, "every line is counted");
    if found.resume.is_some() {
        return;
    }
    let case = Case { options: words.join(" "), pattern: pattern.clone() };
    if quirks::has_two_meanings(&case) || quirks::closes_what_it_has_not_opened(&case) {
        return;
    }
    if let Some(mut theirs) = gnu(&words, &pattern, text) {
        // With `-w -x` GNU grep prints empty matches, though `-o` is for parts that are not empty.
        if words.contains(&"-o") {
            theirs.retain(|line| line.split_once(':').is_some_and(|(_, part)| !part.is_empty()));
        }
        let numbers = |lines: &[String]| -> Vec<u64> {
            lines.iter().filter_map(|line| line.split(':').next()?.parse().ok()).collect()
        };
        let (fewer, more) = match case.has("-v") {
            true => (numbers(&ours), numbers(&theirs)),
            false => (numbers(&theirs), numbers(&ours)),
        };
        let excused = quirks::has_lost_matches(&case, &theirs.join("\n"), &ours.join("\n"))
            || quirks::passes_over_empty_words(&case, &fewer, &more);
        assert!(ours == theirs || excused, "grep {} -- {pattern:?}: {ours:?}, {theirs:?}", words.join(" "));
    }
}

/// What GNU grep prints; nothing where it takes the pattern for none.
fn gnu(words: &[&str], pattern: &str, text: &[u8]) -> Option<Vec<String>> {
    let mut command = Command::new("grep");
    command.args(words).args(["-n", "-a", "-e", pattern]).env("LC_ALL", "C.UTF-8").env_remove("GREP_COLORS");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("GNU grep is needed: {error}"));
    // It may end before it has read all, as one that has no pattern does.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(text));
    let output = child.wait_with_output().unwrap_or_else(|error| panic!("{error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    matches!(output.status.code(), Some(0 | 1)).then(|| said.lines().map(str::to_owned).collect())
}
