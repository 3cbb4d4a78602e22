//! Patterns and files by chance, searched here and by GNU grep itself: the same lines, the same counts, the same refusals. What
//! differs by design (no back-references, no look-around) is refused by name here and passed over.
//!
//! `COFFERDAM_GREP_SEED` and `COFFERDAM_GREP_CASES` choose what is tried; a failure says which seed it was. In CI a few thousand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "gnu_grep/cases.rs"]
mod cases;

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

/// The same, by us.
fn of_ours(case: &Case) -> Result<String, String> {
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
    Ok(out)
}

/// Whether grep gives a pattern two meanings: an operator that repeats nothing, which POSIX leaves open, repeats nothing to its first
/// matcher and is a character to its second, which it needs for `-o`, `-w`, `-x`, for the ends of words and for lists.
fn ambiguous(case: &Case) -> bool {
    let (options, pattern) = (&case.options, &case.pattern);
    if options.contains("-w") && options.contains("-x") && options.contains("-o") {
        return true;
    }
    // With `-w` grep takes an empty match only where no longer one begins.
    if options.contains("-w") && takes_nothing(case) {
        return true;
    }
    let second = ["-o", "-w", "-x"].iter().any(|option| options.contains(option)) || pattern.contains(['\\', '[', 'é']);
    let operator = |at: usize| pattern[at..].starts_with(['{', '*', '+', '?']);
    let ends = ["^", "$", "(", "|", "\n", r"\`", r"\'", r"\<", r"\>", r"\b", r"\B"];
    let nothing = |at: usize| at == 0 || ends.iter().any(|end| pattern[..at].ends_with(end));
    second && options.starts_with("-E") && pattern.char_indices().any(|(at, _)| operator(at) && nothing(at))
}

/// Whether the pattern matches nothing at all.
fn takes_nothing(case: &Case) -> bool {
    let syntax = case.options.split(' ').next().unwrap_or_default();
    let search = Search::new(&case.pattern, Options::parse(syntax).unwrap());
    search.is_ok_and(|search| {
        search.run(&b"\n"[..], &Resume::default(), false, &mut Budget::new(99, 9)).unwrap().matches > 0
    })
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
        let (theirs, ours) = (of_grep(&case), of_ours(&case));
        // With -v and -o only context is shown, and no mark stands for lines that show nothing.
        let marks = case.options.contains("-v") && case.options.contains("-o");
        let unmarked = |text: String| if marks { text.replace("--\n", "") } else { text };
        let (theirs, ours) = (theirs.map(unmarked), ours.map(unmarked));
        let same = match (&theirs, &ours) {
            (_, Err(refusal)) if by_design(refusal) => continue,
            _ if ambiguous(&case) => continue,
            (None, Err(_)) => true,
            // grep does not look at the pattern where nothing is wanted.
            (Some(_), Err(_)) if case.options.contains("-m 0") => continue,
            (Some(theirs), Ok(ours)) => theirs == ours,
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
