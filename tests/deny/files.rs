//! Files: what is not granted is not read, by whatever way; each way beside the same one where it
//! is allowed. Through the shipped tools as a model would try, and through guests that ask the host
//! for what it does not expect.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::{Folder, Session, cofferdam, guest};

/// A granted folder beside one that is not, with a secret in it.
fn two_folders() -> (Folder, Folder) {
    let whole = Folder::new("deny");
    whole.write("secret/key", "the secret");
    whole.write("granted/file", "not secret");
    whole.write("granted/sub/deep", "deep");
    let granted = Folder(whole.0.join("granted"));
    (granted, Folder(whole.0.join("secret")))
}

fn with_guest(name: &str, folder: &Folder) -> Session {
    Session::serve(&["--plugin", &guest(name), "--allow-read", &folder.path("")])
}

fn ask(session: &mut Session, tool: &str, text: &str) -> String {
    session.call(tool, json!({ "text": text })).ok()["text"].as_str().unwrap().to_owned()
}

#[test]
fn everything_outside_reads_the_same_whether_it_exists_or_not() {
    let (granted, secret) = two_folders();
    let mut session = granted.session();
    granted.link("out", "../secret/key");
    granted.link("out-absolute", &secret.path("key"));
    granted.link("out-nowhere", "../secret/nothing");
    granted.link("out-folder", "../secret");
    let paths = [
        secret.path("key"),
        secret.path("nothing"),
        "/etc/shadow".to_owned(),
        "/nothing/at/all".to_owned(),
        granted.path("../secret/key"),
        granted.path("sub/../../secret/key"),
        granted.path("out"),
        granted.path("out-absolute"),
        granted.path("out-nowhere"),
        granted.path("out-folder/key"),
        granted.path("out-folder/nothing"),
    ];
    for path in paths {
        for tool in ["cat_tool", "head_tool", "tail_tool"] {
            let failed = session.call(tool, json!({ "file_path": path })).failed("not_allowed");
            let message = failed["message"].as_str().unwrap();
            assert!(message.ends_with(": not allowed or not there"), "{path}: {message}");
        }
        session.call("ls_tool", json!({ "file_path": path })).failed("not_allowed");
        session.call("stat_tool", json!({ "file_path": path, "follow": true })).failed("not_allowed");
        session.call("grep_tool", json!({ "pattern": "s", "file_path": path, "options": "-r" })).failed("not_allowed");
    }
    // A link itself is known of; what it leads to is not.
    let link = session.call("stat_tool", json!({ "file_path": granted.path("out") })).object();
    assert_eq!(link["type"], "symlink");
    assert_eq!(
        session.call("cat_tool", json!({ "file_path": granted.path("file") })).object()["content"],
        "not secret"
    );
}

#[test]
fn links_that_stay_inside_are_followed() {
    let (granted, _) = two_folders();
    granted.link("inside", "sub/deep");
    granted.link("sub/up", "../file");
    granted.link("whole", &granted.path("sub/deep"));
    granted.link("whole-folder", &granted.path("sub"));
    let mut session = granted.session();
    for whole in ["whole", "whole-folder/deep"] {
        assert_eq!(session.call("cat_tool", json!({ "file_path": granted.path(whole) })).object()["content"], "deep");
    }
    assert_eq!(session.call("cat_tool", json!({ "file_path": granted.path("inside") })).object()["content"], "deep");
    assert_eq!(
        session.call("cat_tool", json!({ "file_path": granted.path("sub/up") })).object()["content"],
        "not secret"
    );
}

#[test]
fn a_deny_rule_inside_a_granted_folder_wins_also_through_links() {
    let folder = Folder::new("inner");
    folder.write("open/file", "open");
    folder.write("closed/file", "closed");
    folder.link("open/way", "../closed");
    let alias = Folder::new("alias");
    alias.link("root", &folder.path(""));
    let policy = |root: &str| {
        let text = format!("[plugins.files]\nread = [\"{root}\"]\n\n[deny]\nread = [\"{}\"]\n", folder.path("closed"));
        Session::serve(&["--policy", &Folder::new("inner-policy").write("policy.toml", text)])
    };
    // Also where the granted root is spelled through a link, and the denied folder is not.
    for root in [folder.path(""), alias.path("root")] {
        let mut session = policy(&root);
        let mut cat = |path: &str| session.call("cat_tool", json!({ "file_path": format!("{root}/{path}") }));
        assert_eq!(cat("open/file").object()["content"], "open");
        for path in ["closed/file", "open/way/file", "closed/nothing", "open/way/nothing", "closed"] {
            cat(path).failed("not_allowed");
        }
        cat("open/nothing").failed("not_found");
    }
}

#[test]
fn i6_guests_do_not_leave_their_directory() {
    let (granted, secret) = two_folders();
    granted.link("out", "../secret/key");
    granted.link("sub/out", "../../secret");
    let mut session = with_guest("escapes", &granted);
    let roots = session.call("roots", json!({})).ok()["text"].as_str().unwrap().to_owned();
    assert_eq!(roots, format!("[{:?}]", granted.path("")));
    assert_eq!(session.call("sdk_roots", json!({})).ok()["text"], granted.path(""));
    for path in [
        "../secret/key",
        "sub/../../secret/key",
        "out",
        "sub/out/key",
        "/etc/passwd",
        &secret.path("key"),
        "..",
        "../..",
    ] {
        let raw = ask(&mut session, "read_raw", path);
        // How an error is spelled is the bindings' affair.
        let refused = raw.contains("NotPermitted") || raw.contains("not-permitted");
        assert!(raw.starts_with("Err(") && refused, "{path}: {raw}");
        let std = ask(&mut session, "read_std", &granted.path(path));
        assert!(std.starts_with("Err("), "{path}: {std}");
    }
    for path in [secret.path("key"), "/etc/passwd".to_owned(), "/proc/self/environ".to_owned()] {
        let std = ask(&mut session, "read_std", &path);
        assert!(std.starts_with("Err("), "{path}: {std}");
        let looked = ask(&mut session, "look_std", &path);
        assert_eq!(looked.matches("Err(").count(), 3, "{path}: {looked}");
    }
    let climbed = ask(&mut session, "climb", "sub");
    let refused = climbed.matches("NotPermitted").count() + climbed.matches("\"not-permitted\"").count();
    assert_eq!((climbed.matches("Err(").count(), refused), (3, 3), "{climbed}");
    // The allowed twin of each.
    assert_eq!(ask(&mut session, "read_raw", "file"), "Ok(\"not secret\")");
    assert_eq!(ask(&mut session, "read_raw", "sub/../file"), "Ok(\"not secret\")");
    assert_eq!(ask(&mut session, "read_std", &granted.path("sub/deep")), "Ok(\"deep\")");
    assert_eq!(ask(&mut session, "look_std", &granted.path("sub")).matches("Ok(").count(), 2);
}

#[test]
fn i6_a_path_that_changes_between_check_and_use_leads_nowhere_new() {
    let (granted, secret) = two_folders();
    let path = granted.0.join("swapped");
    fs::write(&path, "not secret").unwrap();
    granted.link("sub/door", ".");
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = std::thread::spawn({
        let (stop, folder, target) = (Arc::clone(&stop), granted.0.clone(), secret.0.clone());
        move || {
            let (file, link) = (folder.join("as-file"), folder.join("as-link"));
            while !stop.load(Ordering::Relaxed) {
                fs::write(&file, "not secret").unwrap();
                fs::rename(&file, folder.join("swapped")).unwrap();
                std::os::unix::fs::symlink(target.join("key"), &link).unwrap();
                fs::rename(&link, folder.join("swapped")).unwrap();
            }
        }
    });
    let mut session = with_guest("races", &granted);
    let seen = ask(&mut session, "read_again", &granted.path("swapped"));
    stop.store(true, Ordering::Relaxed);
    swapping.join().unwrap();
    assert!(!seen.contains("the secret"), "{seen}");
    // Both sides of the race were seen, or it was none.
    assert!(seen.contains("\"not secret\"") && seen.contains("Permission"), "{seen}");
}

#[test]
fn a_guest_opens_no_device_pipe_or_socket_inside_its_folder() {
    let (granted, _) = two_folders();
    let pipe = granted.pipe("pipe");
    let socket = granted.path("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let node = granted.path("device");
    // Only whoever may make devices has one in the folder itself; the others
    // have those of the system.
    let made = std::process::Command::new("mknod").args([&node, "c", "1", "5"]).output();
    let made = made.is_ok_and(|made| made.status.success());
    let mut session =
        Session::serve(&["--plugin", &guest("escapes"), "--allow-read", &granted.path(""), "--allow-read", "/dev"]);
    let inside = [(&pipe, "pipe"), (&socket, "socket"), (&node, "device")];
    for (path, name) in inside.into_iter().filter(|(_, name)| made || *name != "device") {
        let std = ask(&mut session, "read_std", path);
        assert!(std.starts_with("Err("), "{path}: {std}");
        let raw = ask(&mut session, "read_raw", name);
        assert!(raw.starts_with("Err("), "{path}: {raw}");
    }
    for path in ["/dev/zero", "/dev/null"] {
        let std = ask(&mut session, "read_std", path);
        assert!(std.starts_with("Err("), "{path}: {std}");
    }
    assert_eq!(ask(&mut session, "read_std", &granted.path("file")), "Ok(\"not secret\")");
}

#[test]
fn i4_one_plugins_files_and_peers_serve_no_other() {
    let (granted, _) = two_folders();
    let (peer, other) = (crate::support::Peer::echo(), crate::support::Peer::echo());
    let text = format!(
        "[plugins.files]\nread = [{:?}]\n[plugins.tcp]\nconnect = [\"tcp://127.0.0.1:{}\"]\n\
         [plugins.hostile]\ncomponent = {:?}\nconnect = [\"tcp://127.0.0.1:{}\"]\n",
        granted.path(""),
        peer.port(),
        guest("dials"),
        other.port(),
    );
    let policy = Folder::new("tables").write("policy.toml", text);
    let mut session = Session::serve(&["--policy", &policy]);
    let at = |port: u16| json!({ "host": "127.0.0.1", "port": port });
    assert_eq!(session.call("tcp_connect", at(peer.port())).ok()["status"], "connected");
    assert_eq!(session.call("tcp_connect", at(other.port())).failed("connection_failed")["reason"], "denied");
    assert_eq!(session.call("dial_std", at(other.port())).ok()["text"], "Ok(())");
    assert!(session.call("dial_std", at(peer.port())).ok()["text"].as_str().unwrap().starts_with("Err("));
    session.call("telnet_tool", json!({ "target": "127.0.0.1", "port": peer.port() })).failed("denied");
    session.call("cat_tool", json!({ "file_path": granted.path("file") })).object();
    assert_eq!((peer.accepted(), other.accepted()), (1, 1));
}

#[test]
fn i16_a_policy_that_is_moved_while_it_is_in_force_stays_unread() {
    let home = Folder::new("moved");
    let policy = home.write("policy.toml", format!("[plugins.files]\nread = [\"{}\"]\n", home.path("")));
    let mut session = Session::serve(&["--policy", &policy]);
    session.call("cat_tool", json!({ "file_path": policy })).failed("not_allowed");
    fs::rename(&policy, home.0.join("policy.old")).unwrap();
    session.call("cat_tool", json!({ "file_path": home.path("policy.old") })).failed("not_allowed");
    let other = home.write("other", "another file");
    assert_eq!(session.call("cat_tool", json!({ "file_path": other })).object()["content"], "another file");
}

#[test]
fn what_is_granted_is_granted_to_be_read_only() {
    let (granted, _) = two_folders();
    let mut session = with_guest("changes", &granted);
    assert_eq!(ask(&mut session, "change", &granted.path("")), "[\"read\"]");
    assert_eq!(fs::read_to_string(granted.0.join("file")).unwrap(), "not secret");
    let mut left: Vec<_> = fs::read_dir(&granted.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["file", "sub"]);
}

#[test]
fn devices_pipes_and_processes_are_not_opened() {
    let folder = Folder::new("devices");
    let pipe = folder.pipe("pipe");
    let file = folder.write("file", "a file");
    let granted = ["--allow-read", "/dev", "--allow-read", "/proc", "--allow-read", &folder.path("")];
    let mut session = Session::serve(&granted);
    for path in ["/dev/zero", "/dev/null", pipe.as_str()] {
        let failed = session.call("cat_tool", json!({ "file_path": path })).failed("not_a_file");
        assert!(failed["message"].as_str().unwrap().contains("only regular files"), "{failed}");
    }
    // What a process has open, its memory and its environment are nobody's to read:
    // this one's least of all.
    let own = format!("/proc/{}/environ", session.pid());
    for path in [
        "/proc/self/environ",
        "/proc/self/fd/0",
        concat!("/proc/self/", "root", "/etc/passwd"),
        "/proc/1/environ",
        "/proc/thread-self/maps",
        &own,
    ] {
        session.call("cat_tool", json!({ "file_path": path })).failed("not_allowed");
    }
    assert_eq!(session.call("cat_tool", json!({ "file_path": file })).object()["content"], "a file");
    assert_eq!(session.call("cat_tool", json!({ "file_path": "/proc/loadavg" })).object()["end"], true);
}

#[test]
fn a_file_that_the_system_closes_is_told_apart_from_one_that_is_not_allowed() {
    let folder = Folder::new("closed");
    let path = folder.write("closed", "x");
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let mut session = folder.session();
    let answer = session.call("cat_tool", json!({ "file_path": path }));
    // Whoever may read everything reads this, too.
    if fs::read(&path).is_ok() {
        assert_eq!(answer.object()["content"], "x");
    } else {
        answer.failed("permission_denied");
    }
}

#[test]
fn i16_our_own_files_are_refused_under_every_name() {
    let home = Folder::new("own");
    home.write("state/cofferdam/other", "state");
    let policy = home.write("policy.toml", format!("[defaults]\nread = [\"{}\"]\n", home.path("")));
    let component = home.path("escapes.wasm");
    fs::copy(guest("escapes"), &component).unwrap();
    home.write("ordinary", "ordinary");
    home.write("logs/other.log", "another log");
    let audit = home.path("logs/audit.jsonl");
    let mut command = cofferdam(&["serve", "--policy", &policy, "--plugin", &component, "--audit", &audit]);
    command.env("XDG_STATE_HOME", home.path("state")).env("XDG_CACHE_HOME", home.path("cache"));
    let mut session = Session::spawn(command);
    session.initialize("2025-11-25");
    session.call("cat_tool", json!({ "file_path": home.path("ordinary") })).object();
    let key = home.path("state/cofferdam/audit.key");
    home.write("logs/audit.jsonl.old", "rotated");
    let cached = fs::read_dir(home.0.join("cache/cofferdam/code")).unwrap().next().unwrap().unwrap().path();
    let own = [&policy, &component, &audit, &key, &home.path("logs/audit.jsonl.old"), cached.to_str().unwrap()];
    for (index, path) in own.into_iter().enumerate() {
        let second = home.0.join(format!("second-{index}"));
        fs::hard_link(path, &second).unwrap();
        let link = home.link(&format!("link-{index}"), path.strip_prefix(&format!("{}/", home.path(""))).unwrap());
        for name in [path, second.to_str().unwrap(), &link] {
            for tool in ["cat_tool", "tail_tool"] {
                session.call(tool, json!({ "file_path": name })).failed("not_allowed");
            }
            let found = session.call("grep_tool", json!({ "pattern": ".", "file_path": name }));
            found.failed("not_allowed");
            assert_eq!(ask(&mut session, "read_std", name), "Err(PermissionDenied)", "{name}");
        }
    }
    for folder in ["state/cofferdam", "cache/cofferdam/code"] {
        session.call("ls_tool", json!({ "file_path": home.path(folder) })).failed("not_allowed");
    }
    // What is found by searching from above holds none of it either.
    let arguments = json!({ "pattern": "[defaults]", "file_path": home.path(""), "options": "-rlF" });
    assert_eq!(session.call("grep_tool", arguments).object()["files"].as_array().map_or(0, Vec::len), 0);
    session.log_has("code=\"own-file\"");
}

#[test]
fn i16_what_is_not_ours_is_read_beside_it() {
    let home = Folder::new("beside");
    let policy = home.write("policy.toml", format!("[plugins.files]\nread = [\"{}\"]\n", home.path("")));
    let other = home.write("logs/other.log", "another log");
    fs::hard_link(&other, home.0.join("logs/twin")).unwrap();
    let audit = home.path("logs/audit.jsonl");
    let mut session = Session::serve(&["--policy", &policy, "--audit", &audit]);
    for name in ["logs/other.log", "logs/twin"] {
        let content = session.call("cat_tool", json!({ "file_path": home.path(name) })).object();
        assert_eq!(content["content"], "another log");
    }
    let listed = session.call("ls_tool", json!({ "file_path": home.path("logs") })).object();
    assert!(listed["total"].as_u64().unwrap() >= 3, "{listed}");
}

#[test]
fn every_read_and_every_refusal_is_in_the_audit() {
    let (granted, secret) = two_folders();
    granted.link("out", "../secret/key");
    let audit = Folder::new("reads-audit").path("audit.jsonl");
    let mut session = Session::serve(&["--allow-read", &granted.path(""), "--audit", &audit]);
    session.call("cat_tool", json!({ "file_path": granted.path("sub/deep") })).object();
    session.call("cat_tool", json!({ "file_path": secret.path("key") })).failed("not_allowed");
    session.call("cat_tool", json!({ "file_path": granted.path("out") })).failed("not_allowed");
    let written = fs::read_to_string(&audit).unwrap();
    let has = |resource: &str, decision: &str| {
        written.lines().any(|line| {
            line.contains(&format!("\"resource\":\"file:{resource}\""))
                && line.contains(&format!("\"decision\":\"{decision}\""))
        })
    };
    assert!(has(&granted.path("sub/deep"), "allowed"), "{written}");
    assert!(has(&secret.path("key"), "denied"), "{written}");
    assert!(has(&granted.path("out"), "denied"), "{written}");
    assert!(!written.contains("the secret"));
}

#[test]
fn i7_without_a_read_rule_the_tools_are_not_listed_and_answer_denied() {
    let mut session = Session::local();
    let listed = session.request("tools/list", json!({}));
    let names: Vec<&str> =
        listed["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    for tool in ["cat_tool", "head_tool", "tail_tool", "grep_tool", "ls_tool", "stat_tool"] {
        assert!(!names.contains(&tool), "{names:?}");
    }
    session.call("cat_tool", json!({ "file_path": "/etc/hostname" })).failed("denied");
    session.call("ls_tool", json!({})).failed("denied");
}
