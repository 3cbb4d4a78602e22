//! Patterns and files by chance, searched here and by GNU grep itself: the same lines, the same
//! counts, the same refusals. What differs by design (no back-references, no look-around) is
//! refused by name here and passed over.
//!
//! `COFFERDAM_GREP_SEED` and `COFFERDAM_GREP_CASES` choose what is tried; a failure says which seed
//! it was. In CI a few thousand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "gnu_grep/cases.rs"]
mod cases;
#[path = "gnu_grep/quirks.rs"]
mod quirks;

use std::io::Write as _;
use std::process::{Command, Stdio};

use files_logic::grep::{Budget, Options, OptionsError, Printer, Resume, Search};

use cases::{Case, Chance, case};

/// What grep prints, and whether it has understood the pattern.
fn of_grep(case: &Case) -> Option<String> {
    let mut grep = Command::new("grep");
    grep.args(case.options.split(' ').map(|option| option.trim())).arg("-e").arg(&case.pattern).arg("-");
    grep.env("LC_ALL", "C.UTF-8").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut grep = grep.spawn().expect("GNU grep is needed: this test compares with it");
    // It may end before it has read all, with `-m` or `-l`.
    let _ = grep.stdin.take().unwrap().write_all(&case.text);
    let output = grep.wait_with_output().unwrap();
    if output.status.code() == Some(2) {
        return None;
    }
    let told = String::from_utf8_lossy(&output.stderr).contains("binary file matches");
    let mut text = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    if told || text.contains("binary file matches") {
        text =
            text.lines().filter(|line| !line.contains("binary file matches")).map(|line| format!("{line}\n")).collect();
        text += "Binary file (standard input) matches\n";
    }
    Some(text)
}

/// The same, by us, and whether a line that matches shows nothing.
fn of_ours(case: &Case) -> Result<(String, bool), String> {
    let options = Options::parse(&case.options).map_err(|error: OptionsError| error.to_string())?;
    let search = Search::new(&case.pattern, options).map_err(|error| error.to_string())?;
    let binary = case.text.contains(&0);
    let found = search.run(&case.text[..], &Resume::default(), binary, &mut Budget::new(1 << 24, 1 << 24)).unwrap();
    let (path, mut out) = ("(standard input)", String::new());
    let printer = Printer::new(search.options(), false);
    if printer.lists(&found) {
        printer.file(&mut out, path, &found);
    }
    if !search.options().lists() {
        for line in &found.lines {
            out += if line.gap { "--\n" } else { "" };
            printer.line(&mut out, path, line);
        }
        if found.binary && found.matches > 0 {
            out += &format!("Binary file {path} matches\n");
        }
    }
    let mut shown: Vec<u64> = found.lines.iter().filter(|line| line.matched).map(|line| line.number).collect();
    shown.dedup();
    Ok((out, (shown.len() as u64) < found.matches))
}

/// Whether what grep finds of the lines that we find is [`quirks::passes_over_empty_words`].
fn passes_over(case: &Case) -> bool {
    let numbered =
        |text: &str| -> Vec<u64> { text.lines().filter_map(|line| line.split(':').next()?.parse().ok()).collect() };
    let plain = ["-G", "-E", "-P", "-F", "-i", "-w", "-x"].into_iter().filter(|option| case.has(option));
    let options = plain.chain(["-n", "-a"]).collect::<Vec<_>>().join(" ");
    let plain = Case { options, pattern: case.pattern.clone(), text: case.text.clone() };
    let (theirs, ours) = (of_grep(&plain).unwrap_or_default(), of_ours(&plain).map_or(String::new(), |(text, _)| text));
    quirks::passes_over_empty_words(case, &numbered(&theirs), &numbered(&ours))
}

/// What differs by design, as it is refused here.
fn by_design(refusal: &str) -> bool {
    ["back-reference", "look-around", "possessive", "is recursive"].iter().any(|one| refusal.contains(one))
}

#[test]
fn what_is_found_is_what_gnu_grep_finds() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (seed, cases) = (number("COFFERDAM_GREP_SEED", 20_261_129), number("COFFERDAM_GREP_CASES", 3000));
    let version =
        Command::new("grep").arg("--version").output().expect("GNU grep is needed: this test compares with it");
    assert!(String::from_utf8_lossy(&version.stdout).contains("GNU grep"), "`grep` has to be GNU grep");
    let mut chance = Chance(seed | 1);
    let (mut compared, mut differences) = (0, Vec::new());
    for _ in 0..cases {
        let case = case(&mut chance);
        let (theirs, ours) = (of_grep(&case), of_ours(&case).map(|(text, _)| text));
        // No mark stands for lines that show nothing: with -v and -o, and
        // where what matches is empty.
        let marks = case.has("-o") && (case.has("-v") || of_ours(&case).is_ok_and(|(_, blank)| blank));
        let unmarked = |text: String| {
            let text = quirks::without_empty_matches(&case, text);
            if marks { text.replace("--\n", "") } else { text }
        };
        let (theirs, ours) = (theirs.map(unmarked), ours.map(unmarked));
        let same = match (&theirs, &ours) {
            (_, Err(refusal)) if by_design(refusal) => continue,
            _ if quirks::has_two_meanings(&case) => continue,
            (None, _) if quirks::refuses_a_range_from_a_bracket(&case) => continue,
            _ if quirks::closes_what_it_has_not_opened(&case) || quirks::looks_at_nothing(&case) => continue,
            (None, Err(_)) => true,
            // grep does not look at the pattern where nothing is wanted.
            (Some(_), Err(_)) if case.options.contains("-m 0") => continue,
            (Some(theirs), Ok(ours)) => {
                theirs == ours || quirks::has_lost_matches(&case, theirs, ours) || passes_over(&case)
            }
            _ => false,
        };
        compared += 1;
        if !same {
            let Case { options, pattern, text } = &case;
            let text = String::from_utf8_lossy(text);
            differences
                .push(format!("grep {options} -e {pattern:?} on {text:?}\n  grep: {theirs:?}\n  here: {ours:?}"));
        }
    }
    assert!(compared > cases / 2, "{compared} of {cases} were compared");
    let all = differences.len();
    differences.sort_by_key(String::len);
    differences.truncate(40);
    assert!(differences.is_empty(), "seed {seed}: {all} of {compared} differ\n{}", differences.join("\n"));
}
