//! `grep_tool`: what it finds, in one file and in many, and what it refuses.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Claim, Clock, Folder, Session};

fn grep(session: &mut Session, pattern: &str, path: &str, options: &str) -> (String, Value) {
    session.call("grep_tool", json!({ "pattern": pattern, "file_path": path, "options": options })).parts()
}

fn log() -> (Folder, String, Session) {
    let folder = Folder::new("grep");
    let path = folder.write("log", "start\nERROR one\nfine\nerror two\nwarning\nend\n");
    let session = folder.session();
    (folder, path, session)
}

#[test]
fn lines_are_found_and_shown_as_grep_shows_them() {
    let (_folder, path, mut session) = log();
    let (text, object) = grep(&mut session, "error", &path, "-i -n");
    assert_eq!(text, "2:ERROR one\n4:error two\n");
    assert_eq!((&object["matches"], &object["end"]), (&json!(2), &json!(true)));
    assert_eq!(object["files"], json!([{ "file": path, "matches": 2, "lines": ["2:ERROR one", "4:error two"] }]));
    let with_context = grep(&mut session, "one", &path, "-b -C 1").1;
    assert_eq!(with_context["files"][0]["lines"], json!(["1-0-start", "2:6:ERROR one", "3-16-fine"]));
    assert_eq!(grep(&mut session, r"error\|warn", &path, "").0, "error two\nwarning\n");
    assert_eq!(grep(&mut session, "error|warn", &path, "-E").0, "error two\nwarning\n");
    assert_eq!(grep(&mut session, "error", &path, "-ic").0, "2\n");
    assert_eq!(grep(&mut session, "error", &path, "-A 1").0, "error two\nwarning\n");
    assert_eq!(grep(&mut session, "[a-z]*ing", &path, "-o").0, "warning\n");
    assert_eq!(grep(&mut session, "e", &path, "-v").0, "start\nwarning\n");
    // What is printed as nothing is said in words that are true.
    assert_eq!(grep(&mut session, "error", &path, "-L").0, "(every file has a line that matches)\n");
    assert_eq!(grep(&mut session, "nothing", &path, "-L").0, format!("{path}\n"));
    assert_eq!(grep(&mut session, "nothing", &path, "-l").0, "(no line matches)\n");
    assert_eq!(grep(&mut session, "", &path, "-v").0, "(every line matches)\n");
    let (text, object) = grep(&mut session, "nothing", &path, "");
    assert_eq!((text.as_str(), &object["matches"]), ("(no line matches)\n", &json!(0)));
}

#[test]
fn a_directory_is_searched_with_what_is_below_it() {
    let folder = Folder::new("tree");
    let a = folder.write("a.log", "needle\n");
    let b = folder.write("sub/b.log", "hay\nneedle in it\n");
    folder.write("sub/c.txt", "needle\n");
    folder.write("binary.log", b"needle\0\n");
    folder.link("loop", ".");
    folder.pipe("pipe");
    let mut session = folder.session();
    let (text, object) = grep(&mut session, "needle", &folder.path(""), "-rn --include=*.log");
    assert_eq!(text, format!("{a}:1:needle\nBinary file {} matches\n{b}:2:needle in it\n", folder.path("binary.log")));
    assert_eq!(object["files_searched"], 3);
    let (text, _) = grep(&mut session, "needle", &folder.path(""), "-rl --exclude-dir=sub");
    assert_eq!(text, format!("{a}\n{}\n", folder.path("binary.log")));
    let failed =
        session.call("grep_tool", json!({ "pattern": "x", "file_path": folder.path("") })).failed("is_directory");
    assert!(failed["message"].as_str().unwrap().contains("-r in options"), "{failed}");
}

#[test]
fn many_matches_come_in_pages() {
    let folder = Folder::new("matches");
    let whole: String = (1..=3000).map(|n| format!("match {n}\n")).collect();
    folder.write("a", &whole);
    folder.write("b", &whole);
    let mut session = folder.session();
    let (mut seen, mut cursor, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let mut arguments = json!({ "pattern": "match", "file_path": folder.path(""), "options": "-r" });
        if !cursor.is_null() {
            arguments["cursor"] = cursor;
        }
        let page = session.call("grep_tool", arguments).object();
        for file in page["files"].as_array().unwrap() {
            for line in file["lines"].as_array().unwrap() {
                let number = line.as_str().unwrap().split(':').next().unwrap().parse::<u64>().unwrap();
                seen.push((file["file"].as_str().unwrap().to_owned(), number));
            }
        }
        cursor = page["next_cursor"].clone();
        pages += 1;
        if page["end"] == true {
            break;
        }
    }
    let all = ["a", "b"].iter().flat_map(|name| (1..=3000).map(|n| (folder.path(name), n))).collect::<Vec<_>>();
    assert!(seen == all, "{} of {}", seen.len(), all.len());
    assert!(pages > 5, "{pages}");
}

#[test]
fn an_answer_is_hardly_longer_than_its_lines_and_32_kib_of_json_at_most() {
    let folder = Folder::new("flat");
    let line = "Nov 29 20:00:00 host service[1234]: request took 17 ms and was answered \"well\"\n";
    let path = folder.write("log", line.repeat(190));
    let mut session = folder.session();
    let (text, object) = grep(&mut session, "request", &path, "-H");
    assert_eq!(object["matches"], 190);
    let (told, json) = (line.len() * 190, object.to_string().len());
    assert!(json < told * 5 / 4 && text.len() < told * 3, "{told} bytes of lines are {json} of JSON");
    let much = folder.write("much", line.repeat(5000));
    for (path, options) in [(much, ""), (folder.path(""), "-r")] {
        let (text, page) = grep(&mut session, "request", &path, options);
        let (text, json) = (Value::from(text).to_string(), page.to_string());
        assert!(text.len() <= 32 << 10 && json.len() <= 32 << 10, "{options}: {} {}", text.len(), json.len());
        assert!(text.len().max(json.len()) >= 24 << 10, "{options}: {} {}", text.len(), json.len());
        // With a name before every line, as grep prints it, the text is the longer half.
        assert!(!options.is_empty() || text.len().min(json.len()) >= 24 << 10, "{} {}", text.len(), json.len());
        assert!(json.find("\"next_cursor\"") < json.find("\"files\""));
    }
}

#[test]
fn digits_are_ascii_and_an_interval_that_repeats_nothing_is_nothing_as_with_gnu_grep() {
    let folder = Folder::new("gnu");
    let path = folder.write("f", "٣\n3\n1}a\n");
    let mut session = folder.session();
    assert_eq!(grep(&mut session, r"\d", &path, "-P").0, "3\n1}a\n");
    assert_eq!(grep(&mut session, r"^[^\d]$", &path, "-P").0, "٣\n");
    assert_eq!(grep(&mut session, "{1}a", &path, "-E").0, "1}a\n");
    assert_eq!(grep(&mut session, "{1}", &path, "-E").0, "٣\n3\n1}a\n");
    for (pattern, options, said) in
        [("a++", "-P", "possessive"), (r"a\{2", "", "begins no repetition"), ("(?R)", "-P", "recursive")]
    {
        let search = json!({ "pattern": pattern, "file_path": path, "options": options });
        let failed = session.call("grep_tool", search).failed("invalid_argument");
        assert!(failed["message"].as_str().unwrap().contains(said), "{failed}");
    }
}

#[test]
fn an_operator_without_anything_to_repeat_means_what_it_means_to_gnu_grep() {
    let folder = Folder::new("nothing");
    let path = folder.write("log", "ba\na\n*a\n\n{1}a x\nc)\n--a\n");
    let mut session = folder.session();
    let patterns =
        ["*a", "+a", "?a", "a|*b", "(*a)", "^*a", "^+a", "^{0}b", "{1}a", "{0}", "*|c", "$*a", "(*))", "", "a*", "x|"];
    let basic = [r"\(*a\)", r"*a", r"^*a", r"\{1\}", r"\(^*a\)", r"x\|*a"];
    let cases = patterns.iter().flat_map(|pattern| {
        // What `-w` and `-o` add is not one thing to GNU grep for a brace, nor behind an anchor.
        let more: &[&str] = if pattern.contains(['{', '^', '$', ')']) { &[] } else { &["-w", "-o", "-w -o", "-o -x"] };
        ["", "-x", "-v", "-c"].iter().chain(more).map(move |option| (format!("-E {option}"), *pattern))
    });
    let cases = cases.chain(basic.iter().flat_map(|pattern| {
        ["", "-x", "-w", "-o", "-w -x", "-w -o", "-v -w"].iter().map(move |option| (format!("-G {option}"), *pattern))
    }));
    for (options, pattern) in cases {
        // GNU grep opens no file there.
        if pattern.is_empty() && options.contains("-v") {
            continue;
        }
        let mut real = std::process::Command::new("grep");
        real.args(options.split_whitespace()).args(["-e", pattern, &path]).env("LC_ALL", "C.UTF-8");
        let real = String::from_utf8(real.output().unwrap().stdout).unwrap();
        let real = if real.is_empty() { "(no line matches)\n".to_owned() } else { real };
        let ours = grep(&mut session, pattern, &path, &options).0;
        let ours =
            if ours.starts_with("(every line") || ours.starts_with("(lines match") { real.clone() } else { ours };
        assert_eq!(ours, real, "grep {options} -e '{pattern}'");
    }
    for (options, pattern) in
        [("-E", "(*)"), ("-G", r"a\)\|\(b"), ("-P", "a)|(b"), ("-E", "{1}{2,1}"), ("-P", r"\N{U+61}")]
    {
        let ask = json!({ "pattern": pattern, "file_path": path, "options": options });
        session.call("grep_tool", ask).failed("invalid_argument");
    }
}

#[test]
fn the_end_of_one_file_is_the_end_whatever_room_is_left() {
    let folder = Folder::new("one-file");
    let path = folder.write("f", (1..=600).map(|n| format!("{n}\n")).collect::<String>());
    let mut session = folder.session();
    let page = session.call("grep_tool", json!({ "pattern": "", "file_path": path })).object();
    assert_eq!(page["files"][0]["lines"].as_array().unwrap().len(), 600);
    assert_eq!((&page["end"], &page["next_cursor"]), (&json!(true), &Value::Null));
}

#[test]
fn with_small_answers_every_page_comes_further() {
    let folder = Folder::new("small");
    let path = folder.write("f", (1..=200).map(|n| format!("{n}\n")).collect::<String>());
    let policy = format!("[plugins.files]\nread = [\"{}\"]\n\n[limits]\noutput = \"8 KiB\"\n", folder.path(""));
    let policy = Folder::new("small-policy").write("policy.toml", policy);
    let mut session = Session::serve(&["--policy", &policy]);
    let (mut seen, mut cursor) = (0, Value::Null);
    loop {
        let mut search = json!({ "pattern": "", "file_path": path, "options": "-m 150" });
        if !cursor.is_null() {
            search["cursor"] = cursor;
        }
        let page = session.call("grep_tool", search).object();
        for line in page["files"][0]["lines"].as_array().unwrap() {
            seen += 1;
            assert_eq!(line, &json!(format!("{seen}:{seen}")));
        }
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen, 150);
}

#[test]
fn options_and_patterns_that_are_not_understood_are_refused_by_name() {
    let (_folder, path, mut session) = log();
    let mut refused = |pattern: &str, options: &str| {
        let arguments = json!({ "pattern": pattern, "file_path": path, "options": options });
        let failed = session.call("grep_tool", arguments).failed("invalid_argument");
        (failed["argument"].as_str().unwrap().to_owned(), failed["message"].as_str().unwrap().to_owned())
    };
    for (options, name) in
        [("-f /etc/shadow", "`-f`"), ("--file=/etc/shadow", "`--file`"), ("-i /etc/shadow", "`/etc/shadow`")]
    {
        let (argument, message) = refused("x", options);
        assert!(argument == "options" && message.contains(name), "{message}");
    }
    let (argument, message) = refused("(a", "-E");
    assert!(argument == "pattern" && message.contains("has a `(` without its `)`"), "{message}");
    assert!(refused(r"\(a\)\1", "").1.contains("back-reference"));
}

#[test]
fn a_pattern_that_would_freeze_others_does_not_freeze_this() {
    let folder = Folder::new("redos");
    let path = folder.write("log", format!("{}!\n", "a".repeat(100_000)));
    let mut session = folder.session();
    let begun = Clock::start();
    assert_eq!(grep(&mut session, "(a+)+$", &path, "-E").1["matches"], 0);
    begun.within(Claim::Cost, Duration::from_secs(5));
}

#[test]
fn a_search_that_takes_too_long_returns_what_it_found_and_others_go_on() {
    let folder = Folder::new("slow");
    let found = folder.write("tree/a", "needle\n");
    // Nothing but a hole: there is always more to search.
    let big = folder.write("tree/big", "");
    std::fs::OpenOptions::new().write(true).open(big).unwrap().set_len(1 << 40).unwrap();
    let policy = format!("[plugins.files]\nread = [\"{}\"]\n\n[limits]\ncall = \"2 s\"\n", folder.path(""));
    let policy = Folder::new("slow-policy").write("policy.toml", policy);
    let mut session = Session::serve(&["--policy", &policy]);
    let small = folder.write("small", "small\n");
    session.call("cat_tool", json!({ "file_path": small })).object();
    let id = session
        .post_call("grep_tool", json!({ "pattern": "needle", "file_path": folder.path("tree"), "options": "-rc" }));
    session.begins(id);
    session.call("cat_tool", json!({ "file_path": small })).object();
    assert!(session.is_pending(id), "others do not wait for it");
    let (text, object) = session.called(id).parts();
    assert!(text.starts_with(&format!("{found}:1\n")), "{text}");
    assert_eq!((&object["partial"], &object["end"], &object["matches"]), (&json!(true), &json!(false), &json!(1)));
}

#[test]
fn a_search_that_computes_for_longer_than_the_cpu_limit_is_not_ended() {
    let folder = Folder::new("computes");
    let line = "a line of some length in which there is nothing that anybody looks for, and no end of it\n";
    let much = folder.write("much", line.repeat((96 << 20) / line.len()));
    let policy =
        format!("[plugins.files]\nread = [\"{}\"]\n\n[plugins.files.limits]\ncpu = \"100 ms\"\n", folder.path(""));
    let policy = Folder::new("computes-policy").write("policy.toml", policy);
    let mut session = Session::serve(&["--policy", &policy]);
    // Each character begins a match that fails: some times slower than plain text.
    let search = json!({ "pattern": "(no|looks|nothing) [a-z ]+ (here|there)$", "file_path": much, "options": "-Ec" });
    let begun = Clock::start();
    let object = session.call("grep_tool", search).object();
    // Otherwise it is no test of the limit.
    begun.at_least(Claim::Cost, Duration::from_millis(150));
    assert_eq!((&object["matches"], &object["end"]), (&json!(0), &json!(true)));
}
