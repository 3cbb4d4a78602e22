//! A real telnet server: GNU inetutils' `telnetd` out of Debian, with a login program of the test's
//! own, so that nobody needs an account. It negotiates as servers in the field do, on a
//! pseudo-terminal of the kernel's.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cofferdam_xtask::{peers, stderr_progress};
use serde_json::{Value, json};

use super::telnet::told;
use crate::support::{Session, scratch};

/// What logs in: it asks for a name and a password as `login` does, and then is a small shell.
const LOGIN: &str = r#"#!/bin/sh
PATH=/usr/bin:/bin
printf 'test login: '; read -r user
stty -echo; printf 'Password: '; read -r password; stty echo; printf '\r\n'
if [ "$password" != 'correct horse' ]; then echo 'Login incorrect'; sleep 1; exit 1; fi
echo "Welcome $user, TERM=$TERM, $(stty size)"
printf '$ '
while read -r line; do
    case $line in
        exit) echo bye; sleep 1; exit ;;
        colours) printf '\033[1;31mred\033[0m and \033[4munderlined\033[0m\n' ;;
        pages) for page in 1 2 3; do
                echo "page $page"; printf -- '--More--'
                stty -icanon -echo; dd bs=1 count=1 2> /dev/null > /dev/null; stty icanon echo
                printf '\r        \r'
            done ;;
        sleep) trap 'echo interrupted' INT; sh -c 'echo sleeping; exec sleep 30'; trap - INT ;;
        *) echo "you said: $line" ;;
    esac
    printf '$ '
done
"#;

/// The port of a server that runs as long as the tests do: as inetd would, it starts one `telnetd`
/// for each connection.
fn telnetd() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| {
        let peer = peers::debian("inetutils-telnetd", &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"));
        let login = scratch("telnetd").join("login");
        fs::write(&login, LOGIN).unwrap();
        fs::set_permissions(&login, fs::Permissions::from_mode(0o755)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let output = stream.try_clone().unwrap();
                let telnetd = peer.command("usr/sbin/telnetd");
                // A shell that starts these tests in the background has them ignore interrupts, and
                // whatever they start.
                let mut command = Command::new("env");
                command.arg("--default-signal=INT").arg(telnetd.get_program());
                command.envs(telnetd.get_envs().filter_map(|(name, value)| Some((name, value?))));
                command.arg("--no-hostinfo").arg("--exec-login").arg(&login);
                command.stdin(Stdio::from(OwnedFd::from(stream))).stdout(Stdio::from(OwnedFd::from(output)));
                let mut child = command.stderr(Stdio::null()).spawn().unwrap();
                std::thread::spawn(move || child.wait());
            }
        });
        port
    })
}

#[track_caller]
fn hold(session: &mut Session, arguments: Value) -> (Value, String) {
    let mut all = json!({ "target": "127.0.0.1", "port": telnetd(), "timeout": 10 });
    all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    told(session.call("telnet_tool", all))
}

#[test]
fn a_real_server_is_probed() {
    let mut session = Session::local();
    let (answer, text) = told(session.call("telnet_tool", json!({ "target": "localhost", "port": telnetd() })));
    assert_eq!((&answer["reachable"], &answer["telnet"]), (&json!(true), &json!(true)), "{answer}");
    assert!(answer["negotiation"].as_array().unwrap().contains(&json!("DO TTYPE")), "{answer}");
    assert!(text.contains("the server speaks telnet: "), "{text}");
}

#[test]
fn a_login_and_commands_on_a_real_server() {
    let mut session = Session::local();
    let steps = json!([
        { "expect": "\\$ $", "send": "hello there" },
        { "expect": "(?s)you said.*\\$ $", "send": "colours" },
        { "expect": "(?s)underlined.*\\$ $", "send": "exit" },
        { "expect": "bye" },
    ]);
    let arguments = json!({
        "user": "ada", "password": "correct horse", "steps": steps, "terminal": "vt100", "columns": 111, "rows": 44,
    });
    let (answer, text) = hold(&mut session, arguments);
    assert_eq!(answer["session"]["completed"], true, "{text}");
    // The type and the size of our terminal have come through.
    assert!(text.contains("Welcome ada, TERM=vt100, 44 111\n"), "{text}");
    assert!(text.contains("you said: hello there\n") && text.contains("\nred and underlined\n"), "{text}");
    assert!(!text.contains("correct horse") && !answer.to_string().contains("correct horse"), "{text}");
    let options = &answer["session"]["options"];
    for (side, option) in [("client", "TTYPE"), ("client", "NAWS"), ("server", "ECHO"), ("server", "SGA")] {
        assert!(options[side].as_array().unwrap().contains(&json!(option)), "{options}");
    }
}

#[test]
fn a_wrong_password_is_a_refused_login_on_a_real_server() {
    let mut session = Session::local();
    let arguments = json!({ "user": "ada", "password": "wrong pony", "steps": [{ "expect": "\\$ $" }] });
    let (answer, text) = hold(&mut session, arguments);
    assert_eq!(answer["session"]["ended"], "login_failed", "{text}");
    assert!(text.contains("Login incorrect") && !text.contains("wrong pony"), "{text}");
}

#[test]
fn a_real_servers_pages_are_turned() {
    let mut session = Session::local();
    let steps = json!([
        { "expect": "\\$ $", "send": "pages" },
        { "expect": "--More--", "send": " ", "enter": false, "repeat": true },
        { "expect": "\\$ $", "send": "exit" },
    ]);
    let (answer, text) = hold(&mut session, json!({ "user": "ada", "password": "correct horse", "steps": steps }));
    assert_eq!(answer["session"]["completed"], true, "{text}");
    assert!(text.contains("page 1\npage 2\npage 3\n$ "), "{text}");
}

/// The processes behind the server, what they wait for, and what is unread in its connections.
fn who_has_it() -> String {
    let processes = Command::new("ps").args(["-eo", "pid,ppid,pgid,tpgid,stat,wchan:24,args"]).output().unwrap();
    let processes = String::from_utf8_lossy(&processes.stdout).into_owned();
    let processes: Vec<&str> =
        processes.lines().filter(|line| ["telnetd", "login", "sleep"].iter().any(|word| line.contains(word))).collect();
    let port = format!(":{:04X} ", telnetd());
    let sockets = fs::read_to_string("/proc/net/tcp").unwrap();
    let sockets: Vec<&str> = sockets.lines().filter(|line| line.contains(&port)).collect();
    format!("{}\n{}", processes.join("\n"), sockets.join("\n"))
}

#[test]
fn a_kept_session_on_a_real_server_is_interrupted_and_goes_on() {
    let mut session = Session::local();
    let login = json!({ "user": "ada", "password": "correct horse", "keep": true, "steps": [{ "expect": "\\$ $" }] });
    let (answer, text) = hold(&mut session, login);
    let id = answer["session"]["session_id"].as_str().unwrap_or_else(|| panic!("{text}")).to_owned();
    let sleeps = json!({ "session_id": id, "keep": true, "steps": [{ "send": "sleep" }, { "expect": "sleeping" }, { "expect": "\\$ $", "timeout_ms": 500 }] });
    let (answer, text) = hold(&mut session, sleeps);
    assert_eq!(answer["session"]["ended"], "timeout", "{text}");
    let interrupt = json!({ "session_id": id, "steps": [{ "send": "\u{3}", "enter": false }, { "expect": "\\$ $", "send": "exit" }] });
    let (answer, text) = hold(&mut session, interrupt);
    assert!(text.contains("interrupted\n$ ") && text.contains("bye"), "{text}\n{}", who_has_it());
    assert!(!text.contains("\\xf2") && !text.contains('\u{FFFD}'), "half a data mark is shown: {text}");
    assert_eq!(answer["session"]["completed"], true, "{text}");
}
