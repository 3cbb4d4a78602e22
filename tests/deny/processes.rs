//! Files of processes: refused wherever the file system that they are on is mounted,
//! and nothing else of it is.

use std::fs;

use serde_json::json;

use crate::support::{Folder, Session, in_namespace};

#[test]
fn files_of_processes_are_not_opened_wherever_their_file_system_is_mounted() {
    in_namespace(|| {
        let folder = Folder::new("mounts");
        for name in ["one", "proc", "kernel"] {
            fs::create_dir(folder.0.join(name)).unwrap();
        }
        for name in ["environ", "meminfo"] {
            folder.write(name, "");
        }
        let mount = |arguments: &[&str]| {
            let ran = std::process::Command::new("mount").args(arguments).output().unwrap();
            assert!(ran.status.success(), "mount {}: {}", arguments.join(" "), String::from_utf8_lossy(&ran.stderr));
        };
        let pid = std::process::id();
        mount(&["--bind", &format!("/proc/{pid}"), &folder.path("one")]);
        mount(&["--bind", &format!("/proc/{pid}/environ"), &folder.path("environ")]);
        mount(&["--bind", "/proc/meminfo", &folder.path("meminfo")]);
        mount(&["--bind", "/proc/sys/kernel", &folder.path("kernel")]);
        // A procfs of its own is for the machine's root.
        let whole = fs::read_to_string("/proc/self/uid_map").unwrap().contains("4294967295");
        if whole {
            mount(&["-t", "proc", "proc", &folder.path("proc")]);
        }
        let one = ["--allow-read", &folder.path("one"), "--allow-read", &folder.path("environ")];
        for mut session in [folder.session(), Session::serve(&one)] {
            for name in ["environ", "one/environ", "one/maps", "one/task", "one/net/dev", "one/nothing", "one"] {
                for tool in ["cat_tool", "tail_tool", "stat_tool", "ls_tool"] {
                    session.call(tool, json!({ "file_path": folder.path(name) })).failed("not_allowed");
                }
            }
            session.log_has("code=\"process-file\"");
        }
        let mut session = folder.session();
        let search = json!({ "pattern": "", "file_path": folder.path("one"), "options": "-rc" });
        session.call("grep_tool", search).failed("not_allowed");
        // The allowed twin of each.
        for name in ["meminfo", "kernel/ostype"] {
            let read = session.call("cat_tool", json!({ "file_path": folder.path(name) })).object();
            assert!(read["bytes"].as_u64() > Some(0), "{read}");
        }
        if whole {
            for name in ["self/environ", "1/environ", "1/maps"] {
                session
                    .call("cat_tool", json!({ "file_path": folder.path(&format!("proc/{name}")) }))
                    .failed("not_allowed");
            }
            for name in ["meminfo", "loadavg", "sys/kernel/ostype"] {
                let read =
                    session.call("cat_tool", json!({ "file_path": folder.path(&format!("proc/{name}")) })).object();
                assert!(read["bytes"].as_u64() > Some(0), "{read}");
            }
        }
    });
}
