//! The log on standard error: each line says of which call, plugin and instance it is, in fields.

use serde_json::json;

use crate::support::{Peer, Session};

/// A session in which one call dials what it may, and one what it may not.
fn dialled(more: &[&str]) -> Session {
    let peer = Peer::echo();
    let allowed = format!("tcp://127.0.0.1:{}", peer.port());
    let arguments = [&["--allow-connect", &allowed][..], more].concat();
    let mut session = Session::serve(&arguments);
    let dial = |port: u16| json!({ "connection_id": port.to_string(), "host": "127.0.0.1", "port": port });
    session.call("tcp_connect", dial(peer.port())).ok();
    session.call("tcp_connect", dial(1)).failed("connection_failed");
    session
}

#[test]
fn the_log_says_of_which_call_and_instance_a_line_is() {
    let session = dialled(&["--log", "debug"]);
    let call =
        |id: u32| format!("call{{id={id} tool=\"tcp_connect\" plugin=\"tcp\" principal=\"local\"}}: cofferdam: ");
    session.log_line_has(&[&call(1), "a call starts"]);
    session.log_line_has(&[&call(1), "a call ends outcome=\"ok\" took="]);
    session.log_line_has(&[&call(2), "a call ends outcome=\"connection_failed\" took="]);
    let asked = |id: u32| format!("instance{{plugin=\"tcp\"}}:call{{id={id} principal=\"local\"}}: cofferdam: ");
    session.log_line_has(&[&asked(1), "granted plugin=\"tcp\" resource=tcp://127.0.0.1:"]);
    session.log_line_has(&[&asked(2), "plugin `tcp` may not connect to `tcp://127.0.0.1:1`"]);
    let (status, log) = session.close();
    assert!(status.success());
    assert!(!log.contains("id=3"), "{log}");
}

#[test]
fn a_refusal_says_of_which_call_it_is_at_any_level() {
    let session = dialled(&[]);
    let refusal = "plugin `tcp` may not connect to `tcp://127.0.0.1:1`";
    session.log_line_has(&["WARN call{id=2 principal=\"local\"}: cofferdam: ", refusal]);
    let (_, log) = session.close();
    assert!(!log.contains("id=1") && !log.contains("instance{"), "{log}");
    // Its last line is to be copied.
    let hint = log.lines().find(|line| line.starts_with("hint: ")).unwrap();
    assert!(hint.ends_with('`') && !hint.contains("principal="), "{hint}");
}
