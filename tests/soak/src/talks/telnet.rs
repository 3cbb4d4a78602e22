//! Dialogues with a console that answers, closes, resets or goes silent in the middle.

use serde_json::json;

use super::Lane;

pub fn session(lane: &mut Lane) {
    let port = lane.soak.place.ports.console;
    let token = format!("word{}", lane.unique());
    let last = ["quit", "quit", "reset", "stall"][lane.rng.usize(0..4)];
    let steps = json!([
        { "expect": "soak> $", "send": format!("echo {token}") },
        { "expect": "soak> $", "send": last },
    ]);
    let mut arguments = json!({ "target": "127.0.0.1", "port": port, "steps": steps });
    if last == "stall" {
        arguments["silence_ms"] = json!(300);
    }
    let begun = std::time::Instant::now();
    let Some(told) = lane.call("telnet_tool", arguments, &[]) else { return };
    lane.same("telnet_tool", &told.structured["port"], port);
    let transcript = told.structured["session"]["transcript"].to_string();
    // A fault may have kept the session from being.
    let due = transcript.contains(&format!("said {token}")) || lane.soak.faults.met(begun);
    lane.holds("telnet_tool lacks its console's answer", due, || told.structured.to_string());
    let others = transcript.split("said word").skip(1).any(|rest| !rest.starts_with(&token["word".len()..]));
    if others {
        lane.soak.tally.crossed(|| format!("telnet_tool of {token}: {transcript}"));
    }
}
