//! Asks that no rule allows, each about a thing of its own: the answer says so, and
//! the audit has to have it.

use serde_json::{Value, json};

use super::Lane;
use crate::session::Reply;

pub fn one(lane: &mut Lane) {
    let unique = lane.unique();
    let [.., a, b, c] = unique.to_be_bytes();
    let address = format!("10.{a}.{b}.{c}");
    let (port, server) = (lane.rng.u16(1..60_000), lane.soak.place.ports.names);
    let (tool, arguments, resource) = match lane.rng.u8(0..7) {
        0 => ("tcp_connect", json!({ "host": address, "port": port }), format!("tcp://{address}:{port}")),
        1 => {
            let name = format!("n{unique}.refused.example");
            ("tcp_connect", json!({ "host": name, "port": port }), format!("name:{name}"))
        }
        2 => ("telnet_tool", json!({ "target": address, "port": port }), format!("tcp://{address}:{port}")),
        3 => {
            let name = format!("n{unique}.refused.example");
            let arguments = json!({ "target": name, "server": "127.0.0.1", "port": server });
            ("dig_tool", arguments, format!("dns://127.0.0.1:{server}/{name}"))
        }
        4 => {
            let path = format!("/etc/refused-{unique}");
            ("cat_tool", json!({ "file_path": path }), format!("file:{path}"))
        }
        5 => ("ping_tool", json!({ "target": address }), format!("ping:{address}")),
        _ => {
            let arguments = json!({ "host": address, "port": port });
            guest(lane, arguments, format!("tcp://{address}:{port}"));
            return;
        }
    };
    let shown = arguments.to_string();
    let pending = lane.begin(tool, arguments);
    let begun = pending.begun;
    match pending.wait(&lane.soak.session) {
        Reply::Failed { code, text } => {
            lane.soak.tally.failed(&code);
            if code == "not_allowed" || is_denied(&text) {
                lane.refused(resource);
            } else if !lane.soak.faults.met(begun) {
                lane.soak.tally.breach("a refusal reads otherwise", || format!("{tool} {shown} → {text}"));
            }
        }
        other => drop(lane.settle(tool, &shown, begun, other, &[]).map(|told| {
            lane.soak.tally.breach("what is not allowed is done", || format!("{tool} {shown} → {}", told.structured));
        })),
    }
}

/// The same of a guest, which is told in WASI's words. Its instance may be lost to another call.
fn guest(lane: &mut Lane, arguments: Value, resource: String) {
    let begun = std::time::Instant::now();
    if let Some(told) = lane.call("knock", arguments, &["instance_lost"]) {
        let text = told.structured["text"].as_str().unwrap_or_default().to_owned();
        // What could not be recorded reads the same to a guest.
        if text.ends_with("Err(PermissionDenied)") && !lane.soak.faults.met(begun) {
            lane.refused(resource.clone());
        }
        lane.holds("a guest dials what it may not", !text.ends_with("Ok(())"), || format!("{resource}: {text}"));
    }
}

fn is_denied(text: &str) -> bool {
    text.contains("\"reason\":\"denied\"") || text.contains("\"error\":\"denied\"")
}
