//! The sources: every file says what lives in it, is short enough to be read, and keeps to its
//! room. Words are looked for as text: what a compiler or a lint can see is theirs
//! (`.clippy.toml`).

use super::{Text, none, sources, texts};

/// Lines that a file has at most.
const MOST: usize = 400;

/// Files that are longer because they are tables, with what they list.
const TABLES: &[(&str, &str)] = &[("plugins/handlers/irc/src/numerics.rs", "the names of numeric replies, one a line")];

/// This folder spells out what is forbidden elsewhere.
fn is_tidy(source: &Text) -> bool {
    source.path.starts_with("tests/tidy")
}

/// The lines of these sources that hold one of the words, but for those in the places where it
/// belongs.
fn lines_with(sources: &[Text], words: &[&str], belongs: impl Fn(&str) -> bool) -> Vec<String> {
    let elsewhere = sources.iter().filter(|source| !is_tidy(source) && !belongs(&source.path));
    let lines =
        elsewhere.flat_map(|source| source.text.lines().zip(1..).map(move |(line, number)| (source, number, line)));
    lines
        .filter(|(_, _, line)| words.iter().any(|word| has_word(line, word)))
        .map(|(source, number, line)| format!("{}:{number}: {}", source.path, line.trim()))
        .collect()
}

/// The same, comments aside.
fn code_with(sources: &[Text], words: &[&str], belongs: impl Fn(&str) -> bool) -> Vec<String> {
    let is_code = |line: &String| line.split_once(": ").is_some_and(|(_, text)| !text.starts_with("//"));
    lines_with(sources, words, belongs).into_iter().filter(is_code).collect()
}

/// Whether the line holds the word, and not as the end of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let begins = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| begins(at) || !word.starts_with(char::is_alphanumeric))
}

#[test]
fn a_word_is_no_part_of_another() {
    assert!(has_word("    println!(\"x\")", "println!(") && has_word("std::println!(", "println!("));
    assert!(!has_word("eprintln!(\"x\")", "println!("));
    assert!(has_word("x = /home/me", "/home/"));
}

#[test]
fn every_file_says_what_lives_in_it() {
    let silent = sources().into_iter().filter(|source| !source.text.starts_with("//! "));
    none("a file opens with a `//!` that says what lives there", &silent.map(|source| source.path).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long_to_read() {
    let sources = sources();
    let long = sources.iter().filter(|source| !TABLES.iter().any(|(table, _)| *table == source.path));
    let long = long.map(|source| (source, source.text.lines().count())).filter(|(_, lines)| *lines > MOST);
    let long: Vec<String> = long.map(|(source, lines)| format!("{}: {lines} lines", source.path)).collect();
    none(&format!("a file of over {MOST} lines is a table, or wants a second room"), &long);
    for (table, _) in TABLES {
        assert!(sources.iter().any(|source| source.path == *table), "`{table}` is no more");
    }
}

/// Columns that a line of a comment has at most.
const COLUMNS: usize = 100;

#[test]
fn comments_are_narrow_enough_to_be_read() {
    let wide = |source: &Text| {
        let of_a_comment = |line: &str| line.trim_start().starts_with("//");
        let is_table = |line: &str| line.trim_start().trim_start_matches(['/', '!']).starts_with(" |");
        let lines = source.text.lines().zip(1..);
        let long = lines.filter(|(line, _)| of_a_comment(line) && !is_table(line) && line.chars().count() > COLUMNS);
        long.map(|(_, number)| format!("{}:{number}", source.path)).collect::<Vec<_>>()
    };
    let faults: Vec<String> = sources().iter().flat_map(&wide).collect();
    none(&format!("a comment has at most {COLUMNS} columns"), &faults);
}

#[test]
fn nothing_is_left_open() {
    let all = texts(&["host", "plugins", "tests", "wit"], &[".rs", ".toml", ".md", ".wit"]);
    let open = lines_with(&all, &["TODO", "FIXME", "XXX", "todo!", "unimplemented!"], |_| false);
    none("what is left open is finished, or stands in an issue", &open);
}

#[test]
fn no_file_knows_one_machine() {
    let all = texts(&["host", "plugins", "tests", "wit", ".ci", ".cargo"], &["rs", "toml", "md", "wit", "json", "run"]);
    let roots = [concat!("/", "home/"), concat!("/", "root/"), concat!("/", "Users/"), concat!("/", "work/")];
    // A path that is hard to quote is a test of its own.
    let belongs = |path: &str| path == "host/xtask/src/toolchain/debian.rs";
    none("a path of one machine stands nowhere", &lines_with(&all, &roots, belongs));
}

#[test]
fn programs_are_started_in_few_places() {
    // Native tests of plugins compare with the programs whose work they do.
    // The SDK's show what its compiler says.
    let of_plugins = |path: &str| path.contains("/logic/tests/") || path.starts_with("plugins/sdk/tests/");
    let is_test = |path: &str| path.starts_with("plugins/") && of_plugins(path);
    let belongs = |path: &str| {
        let places = ["host/xtask/", "tests/"];
        let clients = ["host/cli/demo/session.rs", "host/cli/doctor/start.rs"];
        places.iter().any(|place| path.starts_with(place)) || is_test(path) || clients.contains(&path)
    };
    none("nothing is started while serving", &code_with(&sources(), &["Command::new"], belongs));
}

#[test]
fn unsafe_code_gives_its_reason() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !is_tidy(source)) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let uses = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe("]
                .iter()
                .any(|word| has_word(code, word));
            let above = &lines[index.saturating_sub(3)..index];
            let explained = above.iter().any(|line| line.trim().starts_with("// "));
            let permits = has_word(code, "unsafe_code") && !code.contains("deny") && !code.contains("reason = ");
            if uses && !explained || permits && source.path.ends_with(".rs") {
                faults.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    none("`unsafe` has a comment above it, and a permission for it a `reason`", &faults);
}

#[test]
fn every_hostile_guest_is_run_by_a_test() {
    // The words that run one; each is a function of `tests/`, and takes the guest's name first.
    let compiled = ["guest", "with_guest", "with_limit", "with_limits", "with_local"];
    let raw = ["raw_guest", "with_raw", "dies", "never_comes", "raw_guest_with"];
    let tests = texts(&["tests"], &[".rs"]);
    let named_in = |folder: &str, end: &str| -> Vec<String> {
        let files = texts(&["tests/guests"], &[end]);
        let names =
            files.iter().filter_map(|file| file.path.strip_prefix(folder)?.strip_suffix(end).map(str::to_owned));
        names.collect()
    };
    let is_run = |guest: &str, words: &[&str]| {
        let mut calls = words.iter().map(|word| format!("{word}(\"{guest}\""));
        calls.any(|call| tests.iter().any(|source| source.text.lines().any(|line| has_word(line, &call))))
    };
    let examples = named_in("tests/guests/examples/", ".rs");
    let written = named_in("tests/guests/raw/", ".wat").into_iter().filter(|name| name != "prelude" && name != "world");
    let written: Vec<String> = written.collect();
    assert!(examples.len() > 10 && written.len() > 10, "{examples:?} {written:?}");
    // The soak runs one of its own, and the benchmark runs some.
    let soaked = super::read("host/xtask/src/tasks/soak.rs") + &super::read("tests/bench/src/handlers.rs");
    let is_soaked = |guest: &str| {
        soaked.contains(&format!("name == \"{guest}\"")) || soaked.contains(&format!("path(\"{guest}\")"))
    };
    let mut idle: Vec<&String> =
        examples.iter().filter(|guest| !is_run(guest, &compiled) && !is_soaked(guest)).collect();
    idle.extend(written.iter().filter(|guest| !is_run(guest, &raw)));
    none("a hostile guest is run by a test", &idle.into_iter().cloned().collect::<Vec<_>>());

    // Cargo would find examples by itself, but not make components of them.
    let manifest = super::read("tests/guests/Cargo.toml");
    let entries: Vec<&str> =
        manifest.split("[[example]]").skip(1).filter_map(|entry| entry.split('"').nth(1)).collect();
    let missing: Vec<String> = examples.iter().filter(|name| !entries.contains(&name.as_str())).cloned().collect();
    none("a guest has an entry in `tests/guests/Cargo.toml`", &missing);
    let gone =
        entries.iter().filter(|entry| !examples.iter().any(|name| name == *entry)).map(|entry| (*entry).to_owned());
    none("an entry in `tests/guests/Cargo.toml` has its guest", &gone.collect::<Vec<_>>());
}

/// Sources of the crates that decide, without their tests.
fn pure() -> Vec<Text> {
    let is_test =
        |path: &str| path.ends_with("tests.rs") || path.ends_with("/pairs.rs") || path.ends_with("/testing.rs");
    texts(&["host/grants/src", "host/policy/src"], &[".rs"])
        .into_iter()
        .filter(|source| !is_test(&source.path))
        .collect()
}

#[test]
fn i2_the_pure_crates_do_no_io() {
    let words = [
        "std::env",
        "std::fs",
        "std::io",
        "std::process",
        "std::thread",
        "std::os",
        "File::create",
        "File::open",
        "Instant",
        "SystemTime",
        "TcpListener",
        "TcpStream",
        "ToSocketAddrs",
        "UdpSocket",
        "async fn",
        "print!(",
        "println!(",
        "eprintln!(",
        "static mut",
    ];
    none("`grants` and `policy` do no I/O", &code_with(&pure(), &words, |_| false));
}

#[test]
fn i3_permits_are_made_in_decide_only() {
    let made = code_with(&sources(), &["Permit::new("], |path| path == "host/grants/src/decide.rs");
    none("a permit is made where it is decided", &made);
    let spelled = code_with(&sources(), &["Permit {"], |path| path == "host/grants/src/decide/permit.rs");
    // A function that gives one out spells none.
    let spelled: Vec<String> = spelled.into_iter().filter(|line| !line.contains("-> Permit {")).collect();
    none("a permit's fields are its own file's", &spelled);
    let decide = super::read("host/grants/src/decide.rs");
    assert_eq!(decide.matches("Permit::new(").count(), 1, "one place answers yes");
}

#[test]
fn i3_no_effect_drops_its_permit() {
    let enforce: Vec<Text> = texts(&["host/runtime/src/enforce"], &[".rs"]);
    let dropped = code_with(&enforce, &["drop(permit)", "permit: _"], |_| false);
    none("an effect reads its address from its permit", &dropped);
}

#[test]
fn i4_grants_are_born_in_one_place() {
    let belongs = |path: &str| path.starts_with("host/grants/") || path == "host/policy/src/effective.rs";
    none("grants are born in `policy::effective` only", &lines_with(&sources(), &["GrantsBuilder"], belongs));
    assert!(super::read("host/policy/src/effective.rs").contains("GrantsBuilder::new()"));
}

#[test]
fn i8_nothing_prints_but_the_terminal_and_the_pipes() {
    let words = ["print!(", "println!(", "dbg!(", "io::stdout("];
    let belongs = |path: &str| {
        let places = ["host/cli/build.rs", "host/cli/terminal.rs", "host/server/src/pipes.rs"];
        path.starts_with("host/xtask/") || path.ends_with("tests.rs") || places.contains(&path)
    };
    none("standard output is the client's", &code_with(&texts(&["host"], &[".rs"]), &words, belongs));
}
