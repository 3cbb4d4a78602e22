//! Calls that are cancelled, and ids that are used again: the second call with
//! an id gets its own answer.

use std::time::Duration;

use serde_json::json;

use super::Lane;
use crate::session::Reply;

pub fn one(lane: &mut Lane) {
    let mut connection = None;
    let pending = match lane.rng.u8(0..4) {
        0 => {
            let Some(id) = lane.connect("echo") else { return };
            let arguments = json!({ "connection_id": id, "until": "close", "timeout_ms": 20_000 });
            connection = Some(id);
            lane.begin("tcp_wait", arguments)
        }
        1 => {
            let count = lane.rng.u32(0..2000);
            lane.begin("nap", json!({ "count": count }))
        }
        2 => {
            let path = lane.soak.place.file(0);
            lane.begin("tail_tool", json!({ "file_path": path, "follow": true, "seconds": 20 }))
        }
        _ => {
            let name = format!("n{}-mute.soak.example", lane.unique());
            let port = lane.soak.place.ports.names;
            lane.begin("dig_tool", json!({ "target": name, "server": "127.0.0.1", "port": port }))
        }
    };
    let wait = lane.rng.u64(0..40);
    if wait > 10 {
        std::thread::sleep(Duration::from_millis(wait - 10));
    }
    let id = pending.id;
    lane.soak.session.cancel(pending);
    if lane.rng.bool() {
        // An answer that was sent before the cancellation was read bears the same id. It
        // comes before this one's.
        let _ = lane.soak.session.request("ping", json!({})).wait(&lane.soak.session);
        again(lane, id);
    }
    if let Some(connection) = connection {
        lane.disconnect(&connection);
    }
}

/// The same id for another call as soon as the cancellation was read, whose answer carries
/// a name that no other has.
fn again(lane: &mut Lane, id: u64) {
    let name = format!("again{}", lane.unique());
    let arguments = json!({ "connection_id": name, "trigger_id": name, "pattern": "x", "response": "y" });
    let pending = lane.soak.session.call_again(id, "tcp_set_trigger", arguments);
    let begun = pending.begun;
    let reply = pending.wait(&lane.soak.session);
    if let Reply::Failed { code, text } = &reply
        && ["cancelled", "deadline", "instance_lost"].contains(&code.as_str())
    {
        // Nothing of the kind happens to this call: it is the answer of the one that was cancelled.
        lane.soak.tally.crossed(|| format!("an id that is used again, for {name}: {text}"));
        return;
    }
    if let Some(told) = lane.settle("tcp_set_trigger", &name, begun, reply, &[]) {
        lane.same("an id that is used again", &told.structured["connection_id"], name.as_str());
    }
    let _ = lane.call("tcp_remove_trigger", json!({ "connection_id": name, "trigger_id": name }), &["not_found"]);
}
