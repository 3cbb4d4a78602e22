//! `cat_tool`, `head_tool`, `tail_tool`: what a model and a person see of a
//! file, whatever the file is.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Claim, Clock, Folder, Session};

fn cat(session: &mut Session, path: &str) -> (String, Value) {
    session.call("cat_tool", json!({ "file_path": path })).parts()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut child = std::process::Command::new("gzip")
        .arg("-c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
    child.wait_with_output().unwrap().stdout
}

#[test]
fn a_file_is_read_as_it_is() {
    let folder = Folder::new("cat");
    let path = folder.write("notes.txt", "eins\nzwei grün\n");
    let mut session = folder.session();
    let (text, object) = cat(&mut session, &path);
    assert_eq!(text, "eins\nzwei grün\n");
    let expected = json!({
        "file_path": path, "content": "eins\nzwei grün\n", "offset": 0, "bytes": 16, "size": 16, "end": true, "encoding": "utf-8",
    });
    assert_eq!(object, expected);
    let (text, object) = cat(&mut session, &folder.write("empty", ""));
    assert_eq!((text.as_str(), &object["end"], &object["bytes"]), ("", &json!(true), &json!(0)));
    // The same file by another spelling of its path.
    let (text, object) = cat(
        &mut session,
        &format!("{}/../{}//./notes.txt", folder.path(""), folder.0.file_name().unwrap().to_str().unwrap()),
    );
    assert_eq!((text.as_str(), &object["file_path"]), ("eins\nzwei grün\n", &json!(path)));
}

#[test]
fn a_long_file_comes_in_pages_by_cursor() {
    let folder = Folder::new("pages");
    let whole: String = (0..40_000).map(|n| format!("line {n} grün\n")).collect();
    let path = folder.write("long", &whole);
    let mut session = folder.session();
    let (mut read, mut cursor, mut pages) = (String::new(), Value::Null, 0);
    loop {
        let mut arguments = json!({ "file_path": path, "limit": 100_000 });
        if !cursor.is_null() {
            arguments["cursor"] = cursor;
        }
        let (text, page) = session.call("cat_tool", arguments).parts();
        let content = page["content"].as_str().unwrap();
        assert!(content.len() <= 100_000 && text.starts_with(content), "{}", content.len());
        read.push_str(content);
        pages += 1;
        cursor = page["next_cursor"].clone();
        if page["end"] == true {
            assert!(cursor.is_null() && text == content);
            break;
        }
        // Who sees the text only is told as well.
        assert!(text.contains(cursor.as_str().unwrap()));
    }
    assert_eq!(pages, whole.len().div_ceil(99_999));
    assert!(read == whole);
    let arguments = json!({ "file_path": path, "cursor": "made-up" });
    assert_eq!(session.call("cat_tool", arguments).failed("invalid_argument")["argument"], "cursor");
}

#[test]
fn a_page_of_a_mebibyte_is_one_answer() {
    let folder = Folder::new("mebibyte");
    let whole = "0123456789abcde\n".repeat(65_536);
    let path = folder.write("file", &whole);
    let mut session = folder.session();
    let (text, page) = session.call("cat_tool", json!({ "file_path": path, "limit": 1_048_576 })).parts();
    assert!(text == whole && page["content"] == whole);
    assert_eq!(page["end"], true);
    let refused = session.call("cat_tool", json!({ "file_path": path, "limit": 1_048_577 })).failed("invalid_argument");
    assert_eq!(refused["message"], "`limit`: has to be from 16 to 1048576, not 1048577");
}

#[test]
fn a_page_without_a_limit_is_32_kib_of_json_whatever_the_text() {
    let folder = Folder::new("json");
    let mut session = folder.session();
    let texts = [
        "a line of a log\n".repeat(20_000),
        "\"C:\\dir\\file\"\t\n".repeat(20_000),
        "\u{1b}[1mx\u{1b}[0m\n".repeat(20_000),
        "grün\u{200b}\n".repeat(20_000),
        "\n".repeat(60_000),
    ];
    for (index, whole) in texts.iter().enumerate() {
        let path = folder.write(&format!("file-{index}"), whole);
        for (tool, more) in [
            ("cat_tool", json!({})),
            ("head_tool", json!({ "lines": 100_000 })),
            ("tail_tool", json!({ "lines": 100_000 })),
        ] {
            let mut arguments = json!({ "file_path": path, "cursor": "" });
            if tool == "head_tool" {
                arguments.as_object_mut().unwrap().remove("cursor");
            }
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (text, page) = session.call(tool, arguments).parts();
            let content = page["content"].as_str().unwrap();
            for json in [page.to_string(), Value::from(text.as_str()).to_string()] {
                assert!((16 << 10..=32 << 10).contains(&json.len()), "{index} {tool}: {}", json.len());
            }
            assert!(!content.is_empty());
            let json = page.to_string();
            let cursor = json.find("\"next_cursor\"");
            assert!(
                tool == "tail_tool" || cursor.is_some_and(|at| at < json.find("\"content\"").unwrap()),
                "{index} {tool}"
            );
        }
    }
}

#[test]
fn what_is_no_utf8_is_shown_safely() {
    let folder = Folder::new("bytes");
    let mut session = folder.session();
    let (text, object) = cat(&mut session, &folder.write("latin1", b"caf\xe9\n"));
    assert_eq!((text.as_str(), &object["escaped"]), ("caf\\xe9\n", &json!(1)));
    let (text, object) = cat(&mut session, &folder.write("binary", b"\x7fELF\x00\x01\x1b[2J\xff"));
    assert!(!text.contains('\u{1b}') && text.contains("\\xff"), "{text:?}");
    assert_eq!(object["binary"], true);
    let utf16: Vec<u8> = "\u{feff}grün\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (text, object) = cat(&mut session, &folder.write("utf16", &utf16));
    assert_eq!((text.as_str(), &object["encoding"]), ("grün\n", &json!("utf-16le")));
    let name = std::ffi::OsStr::new("x");
    let odd = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"caf\xe9");
    std::fs::write(folder.0.join(name).with_file_name(odd), "x").unwrap();
    let (text, _) = session.call("ls_tool", json!({ "file_path": folder.path("") })).parts();
    assert!(text.contains("caf\\xe9"), "{text}");
}

#[test]
fn gzip_is_read_decompressed_unless_it_shall_not_be() {
    let folder = Folder::new("gzip");
    let lines: String = (1..=5000).map(|n| format!("line {n}\n")).collect();
    let path = folder.write("log.gz", gz(lines.as_bytes()));
    let mut session = folder.session();
    let whole = session.call("cat_tool", json!({ "file_path": path, "limit": 65_536 }));
    let (text, object) = whole.parts();
    assert!(text == lines && object["content"] == lines);
    assert_eq!((&object["compressed"], &object["end"]), (&json!(true), &json!(true)));
    // Without a limit there are two pages: offsets are those of the text, not of the file.
    let first = cat(&mut session, &path).1;
    let second = session.call("cat_tool", json!({ "file_path": path, "cursor": first["next_cursor"] })).object();
    let content = |page: &Value| page["content"].as_str().unwrap().to_owned();
    assert!(content(&first) + &content(&second) == lines);
    assert_eq!((&first["end"], &second["end"], &second["offset"]), (&json!(false), &json!(true), &first["bytes"]));
    assert_eq!(session.call("head_tool", json!({ "file_path": path, "lines": 1 })).parts().0, "line 1\n");
    assert_eq!(session.call("tail_tool", json!({ "file_path": path, "lines": 1 })).parts().0, "line 5000\n");
    let raw = session.call("cat_tool", json!({ "file_path": path, "decompress": false })).object();
    assert_eq!((&raw["binary"], &raw["compressed"]), (&json!(true), &Value::Null));
}

#[test]
fn both_ends_of_a_file_by_lines() {
    let folder = Folder::new("ends");
    let path = folder.write("log", (1..=100).map(|n| format!("line {n}\n")).collect::<String>());
    let mut session = folder.session();
    let (text, first) = session.call("head_tool", json!({ "file_path": path })).parts();
    assert_eq!(text, (1..=10).map(|n| format!("line {n}\n")).collect::<String>());
    assert_eq!((&first["lines"], &first["end"]), (&json!(10), &json!(false)));
    let next =
        session.call("cat_tool", json!({ "file_path": path, "cursor": first["next_cursor"], "limit": 16 })).object();
    assert_eq!(next["content"], "line 11\nline 12\n");
    let (text, last) = session.call("tail_tool", json!({ "file_path": path, "lines": 3 })).parts();
    assert_eq!(text, "line 98\nline 99\nline 100\n");
    assert_eq!((&last["lines"], &last["end"], &last["bytes"]), (&json!(3), &json!(true), &json!(25)));
    let failed = session.call("head_tool", json!({ "file_path": path, "lines": -1 })).failed("invalid_argument");
    assert_eq!(failed["argument"], "lines");
}

#[test]
fn the_end_of_two_gibibytes_is_read_at_once() {
    let folder = Folder::new("huge");
    let path = folder.write("huge", "");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    // A file with a hole: two gibibytes of nothing, and then a line.
    std::os::unix::fs::FileExt::write_all_at(&file, b"\nthe last line\n", 2 << 30).unwrap();
    let mut session = folder.session();
    cat(&mut session, &folder.write("warm", "up"));
    let begun = Clock::start();
    let (text, object) = session.call("tail_tool", json!({ "file_path": path, "lines": 1 })).parts();
    assert_eq!((text.as_str(), object["size"].as_u64()), ("the last line\n", Some((2 << 30) + 15)));
    let page = session.call("cat_tool", json!({ "file_path": path, "offset": (2_u64 << 30) + 1 })).object();
    assert_eq!(page["content"], "the last line\n");
    begun.within(Claim::Cost, Duration::from_secs(2));
}

#[test]
fn what_is_no_file_is_said_to_be_none_and_nothing_waits() {
    let folder = Folder::new("odd");
    std::fs::create_dir(folder.0.join("sub")).unwrap();
    let pipe = folder.pipe("pipe");
    let socket = folder.path("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let mut session = folder.session();
    for tool in ["cat_tool", "head_tool", "tail_tool"] {
        let failed = session.call(tool, json!({ "file_path": folder.path("sub") })).failed("is_directory");
        assert!(failed["message"].as_str().unwrap().contains("ls_tool"), "{failed}");
        let failed = session.call(tool, json!({ "file_path": pipe })).failed("not_a_file");
        assert!(failed["message"].as_str().unwrap().contains("it is a fifo"), "{failed}");
        let failed = session.call(tool, json!({ "file_path": socket })).failed("not_a_file");
        assert!(failed["message"].as_str().unwrap().contains("it is a socket"), "{failed}");
        session.call(tool, json!({ "file_path": folder.path("nothing") })).failed("not_found");
        session.call(tool, json!({ "file_path": format!("{pipe}/x") })).failed("not_directory");
    }
    let failed = session.call("cat_tool", json!({ "file_path": "notes.txt" })).failed("invalid_argument");
    assert!(failed["message"].as_str().unwrap().contains("write the whole path"), "{failed}");
}

#[test]
fn a_file_of_the_kernel_is_read_though_it_says_that_it_is_empty() {
    let mut session = Session::serve(&["--allow-read", "/proc/loadavg", "--allow-read", "/proc/sys/kernel"]);
    let (text, object) = cat(&mut session, "/proc/loadavg");
    assert!(text.split(' ').count() == 5, "{text}");
    assert_eq!(object["size"], 0);
    assert_eq!(session.call("tail_tool", json!({ "file_path": "/proc/sys/kernel/ostype" })).parts().0, "Linux\n");
}

#[test]
fn a_hundred_calls_at_once_are_all_answered() {
    let folder = Folder::new("hundred");
    let path = folder.write("file", "x".repeat(1 << 20));
    let mut session = folder.session();
    let ids: Vec<u64> = (0..100)
        .map(|n| session.post_call("cat_tool", json!({ "file_path": path, "offset": n * 1000, "limit": 1000 })))
        .collect();
    for id in ids {
        assert_eq!(session.called(id).object()["bytes"], 1000);
    }
}
