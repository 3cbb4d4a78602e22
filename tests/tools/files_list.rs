//! `ls_tool` and `stat_tool`: what is known of files without reading them.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::support::Folder;

fn names(list: &Value) -> Vec<&str> {
    list["entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

#[test]
fn a_directory_is_listed_sorted_and_in_pages() {
    let folder = Folder::new("ls");
    for (index, (name, size)) in [("b", 3), ("a", 30), ("c", 300)].into_iter().enumerate() {
        let path = folder.write(name, vec![b'x'; size]);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000 + 100 * index as u64);
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    std::fs::create_dir(folder.0.join("sub")).unwrap();
    let mut session = folder.session();
    let mut ls = |more: Value| {
        let mut arguments = json!({ "file_path": folder.path("") });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        session.call("ls_tool", arguments).parts()
    };
    let (text, list) = ls(json!({}));
    assert_eq!(names(&list), ["a", "b", "c", "sub"]);
    let expected = json!({ "name": "b", "type": "file", "size": 3, "modified": "2020-09-13T12:26:40Z" });
    assert_eq!((&list["entries"][1], &list["total"]), (&expected, &json!(4)));
    assert!(text.contains("-            3  2020-09-13T12:26:40Z  b\n"), "{text}");
    assert_eq!(names(&ls(json!({ "reverse": true })).1), ["sub", "c", "b", "a"]);
    assert_eq!(names(&ls(json!({ "sort": "time" })).1), ["sub", "c", "a", "b"]);
    assert_eq!(names(&ls(json!({ "sort": "TIME", "cursor": "" })).1), ["sub", "c", "a", "b"]);
    assert_eq!(names(&ls(json!({ "sort": "" })).1), ["a", "b", "c", "sub"]);
    let sizes = ls(json!({ "sort": "size", "reverse": true })).1;
    assert_eq!(names(&sizes)[..2], ["b", "a"]);
    let (text, first) = ls(json!({ "limit": 3 }));
    assert_eq!(names(&first), ["a", "b", "c"]);
    assert!(text.contains("[3 of 4 entries; go on with cursor "), "{text}");
    let rest = ls(json!({ "limit": 3, "cursor": first["next_cursor"] })).1;
    assert_eq!((names(&rest), &rest["next_cursor"]), (vec!["sub"], &Value::Null));
}

#[test]
fn without_a_path_the_roots_are_listed() {
    let folder = Folder::new("roots");
    folder.write("file", "x");
    let mut session = folder.session();
    assert_eq!(names(&session.call("ls_tool", json!({ "file_path": "" })).object()), [folder.path("")]);
    let list = session.call("ls_tool", json!({})).object();
    assert_eq!(names(&list), [folder.path("")]);
    assert_eq!(list["entries"][0]["type"], "directory");
    let mut session = crate::support::Session::serve(&["--allow-read", &folder.path("file")]);
    let list = session.call("ls_tool", json!({})).object();
    assert_eq!((names(&list), &list["entries"][0]["type"]), (vec![folder.path("file").as_str()], &json!("file")));
    let one = session.call("ls_tool", json!({ "file_path": folder.path("file") })).object();
    assert_eq!(names(&one), ["file"]);
}

#[test]
fn what_is_known_of_a_file_is_told_without_reading_it() {
    let folder = Folder::new("stat");
    let path = folder.write("file", "hello");
    let link = folder.link("link", "file");
    let pipe = folder.pipe("pipe");
    let mut session = folder.session();
    let mut stat =
        |path: &str, follow: bool| session.call("stat_tool", json!({ "file_path": path, "follow": follow })).parts();
    let (text, object) = stat(&path, false);
    assert_eq!((&object["type"], &object["size"], &object["links"]), (&json!("file"), &json!(5), &json!(1)));
    for time in ["modified", "accessed", "changed"] {
        assert!(object[time].as_str().unwrap().starts_with("20"), "{object}");
    }
    assert!(text.contains("     type: file\n     size: 5\n"), "{text}");
    let (_, object) = stat(&link, false);
    assert_eq!((&object["type"], &object["target"]), (&json!("symlink"), &json!("file")));
    assert_eq!(stat(&link, true).1["size"], 5);
    assert_eq!(stat(&pipe, false).1["type"], "fifo");
    session.call("stat_tool", json!({ "file_path": folder.path("nothing") })).failed("not_found");
}

#[test]
fn a_directory_of_many_entries_is_listed_in_pages_of_few() {
    let folder = Folder::new("many");
    for n in 0..3000 {
        folder.write(&format!("{n:04}"), "");
    }
    let mut session = folder.session();
    let page = session.call("ls_tool", json!({ "file_path": folder.path(""), "limit": 10 })).object();
    assert_eq!((names(&page).len(), &page["total"]), (10, &json!(3000)));
    let next =
        session.call("ls_tool", json!({ "file_path": folder.path(""), "limit": 10, "cursor": page["next_cursor"] }));
    assert_eq!(names(&next.object())[0], "0010");
}

#[test]
fn a_list_of_long_names_is_32_kib_of_json_at_most_and_goes_on() {
    let folder = Folder::new("long-names");
    for n in 0..300 {
        folder.write(&format!("{n:03}{}", "\"".repeat(200)), "");
    }
    let mut session = folder.session();
    let (mut seen, mut cursor) = (0, json!(""));
    loop {
        let (text, page) = session.call("ls_tool", json!({ "file_path": folder.path(""), "cursor": cursor })).parts();
        for name in names(&page) {
            assert!(name.starts_with(&format!("{seen:03}")), "{name}");
            seen += 1;
        }
        for json in [page.to_string(), Value::from(text).to_string()] {
            assert!(json.len() <= 32 << 10, "{}", json.len());
        }
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen, 300);
    // By number, so many are given as were asked for.
    let page = session.call("ls_tool", json!({ "file_path": folder.path(""), "limit": 150 })).object();
    assert_eq!(names(&page).len(), 150);
}
