//! Files that are broken: every tool shows the readable part, and names the fault by one code.

use serde_json::{Value, json};

use crate::support::{Folder, Session};

fn run(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let piped = std::process::Stdio::piped;
    let mut child = std::process::Command::new(program)
        .args(arguments)
        .stdin(piped())
        .stdout(piped())
        .stderr(piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end before it has read all.
    std::thread::spawn(move || drop(stdin.write_all(&input)));
    child.wait_with_output().unwrap().stdout
}

/// Lines that compress about as log lines do.
fn log(lines: u64) -> String {
    (0..lines).map(|n| format!("Nov 29 service[{}]: request {:x} ended\n", n % 977, n * n * 2_654_435_761)).collect()
}

/// A file as `cat_tool` gives it, page by page, and the warnings of the last page.
fn cat(session: &mut Session, path: &str) -> (String, Value) {
    let (mut whole, mut cursor) = (String::new(), json!(""));
    loop {
        let page = session.call("cat_tool", json!({ "file_path": path, "cursor": cursor })).object();
        whole += page["content"].as_str().unwrap();
        if page["end"] == true {
            return (whole, page["warnings"].clone());
        }
        assert_eq!(page["warnings"], Value::Null, "only the page that comes to the place is concerned");
        cursor = page["next_cursor"].clone();
    }
}

#[test]
fn a_broken_gzip_file_is_read_as_far_as_zcat_reads_it_by_every_tool() {
    let folder = Folder::new("broken");
    let whole = run("gzip", &["-c"], log(4000).as_bytes());
    let cut = whole[..whole.len() / 2].to_vec();
    let garbage = [&whole[..], b"garbage"].concat();
    let mut sum = whole.clone();
    let at = sum.len() - 7;
    sum[at] ^= 1;
    let members = [&whole[..], &cut].concat();
    let mut session = folder.session();
    for (name, bytes, code) in [
        ("cut.gz", cut.clone(), "truncated_gzip"),
        ("tail.gz", whole[..whole.len() - 3].to_vec(), "truncated_gzip"),
        ("members.gz", members, "truncated_gzip"),
        ("garbage.gz", garbage, "gzip_trailing_garbage"),
        ("sum.gz", sum, "gzip_checksum"),
        ("head.gz", whole[..5].to_vec(), "truncated_gzip"),
    ] {
        let path = folder.write(name, &bytes);
        let theirs = String::from_utf8(run("gzip", &["-dc"], &bytes)).unwrap();
        let (ours, warnings) = cat(&mut session, &path);
        // gzip asks for more bits than it needs: at the end of the data it may miss a character.
        assert!(
            ours.starts_with(&theirs) && ours.len() < theirs.len() + 300,
            "{name}: {} {}",
            ours.len(),
            theirs.len()
        );
        assert_eq!((&warnings[0]["code"], warnings.as_array().unwrap().len()), (&json!(code), 1), "{name}");
        let (text, last) = session.call("tail_tool", json!({ "file_path": path, "lines": 2 })).parts();
        assert_eq!(last["warnings"], warnings, "{name}");
        assert!(
            ours.ends_with(last["content"].as_str().unwrap()) && text.contains(&format!("[{code}: ")),
            "{name}: {text}"
        );
        let search = json!({ "pattern": "request", "file_path": path, "options": "-c" });
        let (text, found) = session.call("grep_tool", search).parts();
        let lines = ours.lines().filter(|line| line.contains("request")).count();
        assert_eq!((&found["matches"], &found["end"]), (&json!(lines), &json!(true)), "{name}");
        assert_eq!(
            (&found["warnings"][0]["code"], &found["warnings"][0]["file"]),
            (&json!(code), &json!(path)),
            "{name}"
        );
        assert!(text.contains(warnings[0]["message"].as_str().unwrap()), "{name}: {text}");
        // What is asked for comes before the place.
        let first = session.call("head_tool", json!({ "file_path": path, "lines": 1 })).object();
        let told = if theirs.is_empty() { json!(code) } else { Value::Null };
        assert_eq!(first["warnings"][0]["code"], told, "{name}");
    }
    let (whole, warnings) = cat(&mut session, &folder.write("whole.gz", [&whole[..], &whole, &[0; 512]].concat()));
    assert_eq!((whole.len(), warnings), (2 * log(4000).len(), Value::Null));
}

#[test]
fn utf16_that_ends_within_a_character_is_read_and_said_to() {
    let folder = Folder::new("utf16");
    let mut bytes: Vec<u8> = "\u{feff}grün\nblau".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.push(b'!');
    let path = folder.write("file", bytes);
    let mut session = folder.session();
    let (text, warnings) = cat(&mut session, &path);
    assert_eq!((text.as_str(), &warnings[0]["code"]), ("grün\nblau\u{fffd}", &json!("truncated_utf16")));
    let found = session.call("grep_tool", json!({ "pattern": "blau", "file_path": path })).object();
    assert_eq!(
        (&found["files"][0]["lines"][0], &found["warnings"][0]["code"]),
        (&json!("2:blau\u{fffd}"), &json!("truncated_utf16"))
    );
}

#[test]
fn a_run_of_one_unprintable_byte_is_told_once_with_its_number_by_every_tool() {
    let folder = Folder::new("runs");
    let path = folder.write("file", [b"old\n".to_vec(), vec![0; 65_505], b"new\nlast\n".to_vec()].concat());
    let mut session = folder.session();
    let shown = "old\n\\x00 (65505 times)new\nlast\n";
    for (tool, more) in
        [("cat_tool", json!({})), ("head_tool", json!({ "lines": 9 })), ("tail_tool", json!({ "lines": 9 }))]
    {
        let mut arguments = json!({ "file_path": path });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (text, page) = session.call(tool, arguments).parts();
        assert_eq!((text.as_str(), &page["content"]), (shown, &json!(shown)), "{tool}");
        assert_eq!(
            (&page["bytes"], &page["escaped"], &page["offset"]),
            (&json!(65_518), &json!(65_505), &json!(0)),
            "{tool}"
        );
    }
    let found = session.call("grep_tool", json!({ "pattern": "new", "file_path": path, "options": "-ab" })).parts();
    assert_eq!(found.0, "4:\\x00 (65505 times)new\n");
    assert_eq!(found.1["files"][0]["lines"], json!(["2:4:\\x00 (65505 times)new"]));
    // Offsets stay true: behind the run the file goes on.
    let page = session.call("cat_tool", json!({ "file_path": path, "offset": 4 + 65_505 })).object();
    assert_eq!(page["content"], "new\nlast\n");
    // A file that spells it is not taken for one.
    let spelled = folder.write("spelled", r"\x00 (65505 times)");
    let page = session.call("cat_tool", json!({ "file_path": spelled })).object();
    assert_eq!((&page["content"], &page["escaped"]), (&json!(r"\x5cx00 (65505 times)"), &json!(1)));
    // Hundreds of mebibytes of nothing are few pages, none of which needs all of its time.
    let hole = folder.write("hole", "");
    std::fs::OpenOptions::new().write(true).open(&hole).unwrap().set_len(300 << 20).unwrap();
    let erased = folder.write("erased", vec![0xff; 20 << 20]);
    for (path, byte, size) in [(hole, "\\x00", 300 << 20), (erased, "\\xff", 20 << 20)] {
        let (text, _) = cat(&mut session, &path);
        let run = format!("{byte} (");
        let told = text.split(&run).skip(1).map(|one| one.split(' ').next().unwrap().parse::<u64>().unwrap());
        assert_eq!((told.sum::<u64>(), text.len() < 50), (size, true), "{text}");
    }
}
