//! Connections: what is echoed comes back whole and to its own caller; a peer's reset, close,
//! half-close and stall ends that connection only.

use serde_json::json;

use super::Lane;

/// A conversation with a peer that sends back what it hears.
pub fn echo(lane: &mut Lane) {
    let Some(id) = lane.connect("echo") else { return };
    let mut sent = String::new();
    if lane.rng.u8(0..4) == 0 {
        trigger(lane, &id);
    }
    for _ in 0..lane.rng.u8(1..5) {
        let token = format!("tok{}-{}.", lane.unique(), "x".repeat(lane.rng.usize(0..200)));
        let (from, wanted) = (sent.len(), token.clone());
        sent += &token;
        if lane.send(&id, &token).is_none() {
            break;
        }
        let arguments =
            json!({ "connection_id": id, "until": "pattern", "pattern": "\\.$", "from": from, "timeout_ms": 20_000 });
        let Some(told) = lane.call("tcp_wait", arguments, &[]) else { break };
        lane.same("tcp_wait", &told.structured["connection_id"], id.as_str());
        lane.same("tcp_wait's data", &told.structured["data"], wanted);
    }
    looks(lane, &id, &sent);
    lane.disconnect(&id);
}

/// What the other tools say of a connection.
fn looks(lane: &mut Lane, id: &str, sent: &str) {
    let of = json!({ "connection_id": id });
    match lane.rng.u8(0..5) {
        0 => {
            let arguments = json!({ "connection_id": id, "offset": 0, "limit": 1 << 20 });
            if let Some(told) = lane.call("tcp_read_buffer", arguments, &[]) {
                lane.same("tcp_read_buffer", &told.structured["connection_id"], id);
                let data = told.structured["data"].as_str().unwrap_or_default();
                lane.holds("a buffer holds what was not sent", sent.starts_with(data), || format!("{data} of {sent}"));
            }
        }
        1 => {
            if let Some(told) = lane.call("tcp_buffer_info", of, &[]) {
                lane.same("tcp_buffer_info", &told.structured["connection_id"], id);
            }
        }
        2 => {
            if let Some(told) = lane.call("tcp_connection_info", of, &[]) {
                lane.same("tcp_connection_info", &told.structured["connection_id"], id);
            }
        }
        3 => {
            if let Some(told) = lane.call("tcp_clear_buffer", of, &[]) {
                lane.same("tcp_clear_buffer", &told.structured["connection_id"], id);
            }
        }
        _ => {
            if let Some(told) = lane.call("tcp_list_connections", json!({}), &[]) {
                let listed = told.structured["connections"].as_array().cloned().unwrap_or_default();
                let there = listed.iter().any(|one| one["connection_id"] == id);
                lane.holds("an open connection is not listed", there, || format!("{id} in {listed:?}"));
            }
        }
    }
}

/// A trigger that never fires, set and taken away.
fn trigger(lane: &mut Lane, id: &str) {
    let name = format!("t{}", lane.unique());
    let arguments = json!({ "connection_id": id, "trigger_id": name, "pattern": "never[0-9]{9}", "response": "x" });
    if let Some(told) = lane.call("tcp_set_trigger", arguments, &[]) {
        lane.same("tcp_set_trigger", &told.structured["trigger_id"], name.as_str());
        let arguments = json!({ "connection_id": id, "trigger_id": name });
        if let Some(told) = lane.call("tcp_remove_trigger", arguments, &[]) {
            lane.same("tcp_remove_trigger", &told.structured["trigger_id"], name.as_str());
        }
    }
}

/// The peer ends the connection after so many bytes, in one of three ways, while they are sent.
pub fn ends(lane: &mut Lane) {
    let (after, size) = (lane.rng.u64(0..200_000), lane.rng.usize(1..400_000));
    let how = ["reset", "close", "half"][lane.rng.usize(0..3)];
    let Some(id) = lane.connect(&format!("{how} {after}")) else { return };
    let _ = lane.send(&id, &"e".repeat(size));
    if lane.rng.bool() {
        let arguments = json!({ "connection_id": id, "until": "close", "timeout_ms": 300 });
        if let Some(told) = lane.call("tcp_wait", arguments, &[]) {
            lane.same("tcp_wait", &told.structured["connection_id"], id.as_str());
        }
    }
    lane.disconnect(&id);
}

/// The peer reads nothing; the connection is left, or goes on until the peer resets it.
pub fn stalls(lane: &mut Lane) {
    let stall = lane.rng.u64(10..1_500);
    let Some(id) = lane.connect(&format!("stall {stall}")) else { return };
    let data = "s".repeat(lane.rng.usize(1 << 20..3 << 20));
    let timeout = lane.rng.u64(50..400);
    let arguments =
        json!({ "connection_id": id, "data": data, "timeout_ms": if lane.rng.bool() { 10_000 } else { timeout } });
    if lane.rng.bool() {
        let _ = lane.call("tcp_send", arguments, &["send_failed"]);
        lane.disconnect(&id);
        return;
    }
    // Disconnected, or reset, while the send is blocked.
    let sending = lane.begin("tcp_send", arguments);
    std::thread::sleep(std::time::Duration::from_millis(lane.rng.u64(0..60)));
    lane.disconnect(&id);
    let begun = sending.begun;
    let reply = sending.wait(&lane.soak.session);
    let _ = lane.settle("tcp_send", &id, begun, reply, &["send_failed", "not_found", "closed"]);
}

/// The peer sends more than is read.
pub fn floods(lane: &mut Lane) {
    let size = lane.rng.u64(1..600_000);
    let Some(id) = lane.connect(&format!("flood {size}")) else { return };
    let bytes = lane.rng.u64(1..=size);
    let arguments = json!({ "connection_id": id, "until": "bytes", "bytes": bytes, "from": 0, "timeout_ms": 20_000 });
    if let Some(told) = lane.call("tcp_wait", arguments, &[]) {
        lane.same("tcp_wait", &told.structured["connection_id"], id.as_str());
        let data = told.structured["data"].as_str().unwrap_or_default();
        lane.holds("a flood is not what was sent", data.bytes().all(|byte| byte == b'f'), || {
            data.chars().take(99).collect()
        });
    }
    lane.disconnect(&id);
}
