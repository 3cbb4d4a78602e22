//! The examples on the pages: each block of `console` is run by a shell, and prints what stands
//! there. Blanks and line breaks do not count, and `…` stands for anything.

use std::path::Path;
use std::process::{Command, Stdio};

use super::pages::pages;
use super::{none, root};
use crate::support::{guest, scratch};

/// What a block says: the commands behind `$` and `>`, and the lines that they print.
fn parts(block: &str) -> (String, String) {
    let command = |line: &str| line.strip_prefix("$ ").or_else(|| line.strip_prefix("> ")).map(str::to_owned);
    let script: Vec<String> = block.lines().filter_map(command).collect();
    let shown: Vec<&str> = block.lines().filter(|line| command(line).is_none()).collect();
    (script.join("\n"), shown.join("\n"))
}

/// Whether this was printed, where `shown` stands on the page.
fn is_shown(shown: &str, printed: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (shown, printed) = (plain(shown), plain(printed));
    let Some((first, rest)) = shown.split_once('…') else { return shown == printed };
    let (between, last) = rest.rsplit_once('…').unwrap_or(("", rest));
    let middle = printed.strip_prefix(first).and_then(|left| left.strip_suffix(last));
    middle.is_some_and(|mut left| {
        between.split('…').all(|piece| {
            left.split_once(piece).is_some_and(|(_, behind)| {
                left = behind;
                true
            })
        })
    })
}

/// Runs the commands in the repository's root, with the binary on the `PATH`. The second is what
/// they say besides.
fn run(script: &str) -> (String, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_cofferdam")).parent().unwrap();
    // One command that waits for what does not come is a failure, not a test without end.
    let mut shell = Command::new("timeout");
    shell.args(["60", "sh", "-c", script]).current_dir(root()).stdin(Stdio::null()).env_clear();
    shell.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display()));
    shell.env("HOME", env!("CARGO_TARGET_TMPDIR")).env("XDG_STATE_HOME", scratch("console"));
    let output = shell.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_console_block_shows_what_happens() {
    // The components that the pages name are built by this.
    guest("ambient");
    let mut faults = Vec::new();
    let mut count = 0;
    for page in pages() {
        for block in page.text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let (script, shown) = parts(block);
            let (printed, said) = run(&script);
            count += 1;
            if !is_shown(&shown, &printed) {
                faults.push(format!("{}:\n{script}\nprints\n{printed}{said}", page.path));
            }
        }
    }
    assert!(count > 5, "{count} blocks");
    none("an example prints what stands on its page", &faults);
}

#[test]
fn what_is_shown_is_what_was_printed() {
    assert!(is_shown("a b\n c", "a  bc\n"));
    assert!(!is_shown("a b", "a b c") && !is_shown("a b c", "a b"));
    assert!(is_shown("a … c", "a b c") && is_shown("… c", "a b c") && is_shown("a …", "a b c"));
    assert!(!is_shown("a … d", "a b c") && !is_shown("… b", "a b c") && !is_shown("b …", "a b c"));
    assert_eq!(parts("$ a \\\n>   b\nc\n$ d\ne\n"), ("a \\\n  b\nd".to_owned(), "c\ne".to_owned()));
}
