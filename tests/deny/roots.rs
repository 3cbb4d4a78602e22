//! Granted roots: several of them, links between them, one that is not there, one whose
//! file system does not answer.

use std::os::fd::AsRawFd;
use std::time::Duration;

use serde_json::json;

use crate::support::{Claim, Clock, Folder, Session, in_namespace};

#[test]
fn a_link_from_one_granted_folder_into_another_is_followed_and_deny_rules_hold_there() {
    let (one, other) = (Folder::new("one"), Folder::new("other"));
    let (file, closed) = (other.write("file", "over there"), other.write("closed", "closed"));
    one.link("way", &file);
    one.link("closed", &closed);
    let text = format!("[plugins.files]\nread = [\"{}\", \"{file}\"]\n", one.path(""));
    let mut session = Session::serve(&["--policy", &Folder::new("links").write("policy.toml", text)]);
    assert_eq!(session.call("cat_tool", json!({ "file_path": one.path("way") })).object()["content"], "over there");
    session.call("cat_tool", json!({ "file_path": one.path("closed") })).failed("not_allowed");
    let text = format!(
        "[plugins.files]\nread = [\"{}\", \"{}\"]\n[deny]\nread = [\"{closed}\"]\n",
        one.path(""),
        other.path("")
    );
    let mut session = Session::serve(&["--policy", &Folder::new("links").write("policy.toml", text)]);
    assert_eq!(session.call("cat_tool", json!({ "file_path": one.path("way") })).object()["content"], "over there");
    session.call("cat_tool", json!({ "file_path": one.path("closed") })).failed("not_allowed");
}

#[test]
fn a_root_that_is_not_there_is_told_to_the_operator_and_refusals_are_recorded_all_the_same() {
    let folder = Folder::new("absent");
    let root = folder.path("nothing");
    let mut session = Session::serve(&["--allow-read", &root]);
    session.call("cat_tool", json!({ "file_path": "/etc/passwd" })).failed("not_allowed");
    session.log_has("plugin `files` may not read `/etc/passwd`");
    session.log_has(&format!("a granted root is not there path={root}"));
    session.call("cat_tool", json!({ "file_path": format!("{root}/file") })).failed("not_found");
    // When it comes to be there, it is found.
    folder.write("nothing/file", "now");
    let object = session.call("cat_tool", json!({ "file_path": format!("{root}/file") })).object();
    assert_eq!(object["content"], "now");
}

#[test]
fn a_file_system_that_does_not_answer_holds_nobody_else_up() {
    in_namespace(|| {
        let (granted, hung) = (Folder::new("answers"), Folder::new("hangs"));
        let file = granted.write("file", "there");
        // A file system in user space whose server never says a word.
        let device = std::fs::File::options().read(true).write(true).open("/dev/fuse").expect("`/dev/fuse` is needed");
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", device.as_raw_fd());
        let flags = nix::mount::MsFlags::empty();
        nix::mount::mount(Some("silent"), &hung.0, Some("fuse"), flags, Some(options.as_str())).unwrap();
        let mut session = Session::serve(&["--allow-read", &granted.path(""), "--allow-read", &hung.path("")]);
        let quickly = |session: &mut Session| {
            let begun = Clock::start();
            assert_eq!(session.call("cat_tool", json!({ "file_path": file })).object()["content"], "there");
            session.request("ping", json!({}));
            begun.stop()
        };
        quickly(&mut session);
        for tool in ["cat_tool", "stat_tool", "ls_tool", "cat_tool", "stat_tool", "ls_tool"] {
            session.post_call(tool, json!({ "file_path": hung.path("") }));
        }
        // The roots are looked at for each call; the one that hangs is not waited for again.
        for _ in 0..5 {
            quickly(&mut session).within(Claim::Isolation, Duration::from_millis(900));
        }
        // The file system ends with its server's last handle, and all waiting with it.
        drop(device);
    });
}

#[test]
fn a_deny_rule_that_is_spelled_through_a_link_is_enforced() {
    let folder = Folder::new("spelled");
    folder.write("fs/real/secret", "the secret");
    folder.write("fs/open/file", "open");
    folder.write("run/x/k", "the key");
    folder.link("fs/link", "real");
    folder.link("fs/way", "link");
    folder.link("var", "run");
    folder.link("fs/dangling", "later");
    let rules = |of: &[&str]| of.iter().map(|path| format!("\"{}\"", folder.path(path))).collect::<Vec<_>>().join(", ");
    let (read, deny) = (rules(&["fs", "var", "run"]), rules(&["fs/link", "var/x", "fs/dangling/x"]));
    let text = format!("[plugins.files]\nread = [{read}]\n\n[deny]\nread = [{deny}]\n");
    let mut session = Session::serve(&["--policy", &Folder::new("spelled-policy").write("policy.toml", text)]);
    let mut cat = |path: &str| session.call("cat_tool", json!({ "file_path": folder.path(path) }));
    assert_eq!(cat("fs/open/file").object()["content"], "open");
    let denied = [
        "fs/link/secret",
        "fs/real/secret",
        "fs/way/secret",
        "fs/link",
        "fs/real",
        "fs/link/nothing",
        "fs/real/nothing",
        "fs/open/../link/secret",
        "var/x/k",
        "run/x/k",
        "run/x/nothing",
    ];
    for path in denied {
        let failed = cat(path).failed("not_allowed");
        assert!(failed["message"].as_str().unwrap().ends_with(": not allowed or not there"), "{path}: {failed}");
    }
    cat("fs/open/nothing").failed("not_found");
    // What comes to be there later is denied from then on.
    folder.write("fs/later/x", "late");
    folder.write("fs/later/y", "not denied");
    cat("fs/later/x").failed("not_allowed");
    cat("fs/dangling/x").failed("not_allowed");
    assert_eq!(cat("fs/later/y").object()["content"], "not denied");
    // Listing and searching from above give none of it out either.
    let found =
        session.call("grep_tool", json!({ "pattern": "the ", "file_path": folder.path("fs"), "options": "-rl" }));
    assert!(!found.text.contains("secret"), "{}", found.text);
    session.call("ls_tool", json!({ "file_path": folder.path("fs/real") })).failed("not_allowed");
}
