//! Questions to a name server that lies as the name says: the right address is
//! computed from the name's number.

use serde_json::json;

use super::{Lane, Told};
use crate::names::address_of;

/// What the server does, and what `dig_tool` has to make of it.
const MANNERS: [(&str, &str); 9] = [
    ("plain", "answer"),
    ("plain", "answer"),
    ("lies", "answer"),
    ("cut", "answer"),
    ("late", "answer"),
    ("none", "nxdomain"),
    ("fail", "servfail"),
    ("only", "no_answer"),
    ("mute", "no_answer"),
];

pub fn dig(lane: &mut Lane) {
    asked(lane, "dig_tool");
}

pub fn nslookup(lane: &mut Lane) {
    asked(lane, "nslookup_tool");
}

fn asked(lane: &mut Lane, tool: &str) {
    let (manner, outcome) = MANNERS[lane.rng.usize(0..MANNERS.len())];
    let number = lane.unique();
    let name = format!("n{number}-{manner}.soak.example");
    let server = lane.soak.place.ports.names;
    let mut arguments = json!({ "target": name, "server": "127.0.0.1", "port": server, "type": "A" });
    let silent = outcome == "no_answer";
    if silent {
        arguments["timeout_ms"] = json!(lane.rng.u64(50..300));
        if tool == "dig_tool" {
            arguments["tries"] = json!(1);
        }
    }
    let may_fail: &[&str] = if silent { &["no_answer"] } else { &[] };
    let Some(Told { structured, .. }) = lane.call(tool, arguments, may_fail) else { return };
    let question = structured["question"]["name"].as_str().or(structured["question"][0]["name"].as_str());
    let question = question.unwrap_or_default().trim_end_matches('.').to_owned();
    lane.same(tool, &json!(question), name);
    lane.same("the outcome of a lookup", &structured["outcome"], outcome);
    if outcome == "answer" {
        lane.same("the address of a name", &structured["answers"][0]["data"], address_of(number).to_string());
    }
}
