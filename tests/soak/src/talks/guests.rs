//! A hostile guest beside the others: it traps, spins, eats memory, babbles and dials. Its own
//! calls may be lost with it, nobody else's.

use serde_json::{Value, json};

use super::Lane;

pub fn one(lane: &mut Lane) {
    let unique = lane.unique();
    let count = lane.rng.u32(0..60);
    let (tool, arguments, due) = match lane.rng.u8(0..16) {
        0 => ("fall", json!({}), Value::Null),
        1 => ("devour", json!({}), Value::Null),
        // Over the limit of 500 ms, now and then.
        2 => ("burn", json!({ "count": lane.rng.u32(0..700) }), Value::Null),
        3 => ("babble", json!({ "count": count }), json!(count.to_string())),
        4 => ("nap", json!({ "count": count }), json!(count.to_string())),
        5 => ("refuse", json!({ "text": format!("no {unique}") }), Value::Null),
        6 => {
            let port = lane.soak.place.ports.scripted;
            ("knock", json!({ "host": "127.0.0.1", "port": port }), Value::Null)
        }
        _ => ("say", json!({ "text": format!("said {unique}") }), json!(format!("said {unique}"))),
    };
    let may_fail: &[&str] = &["instance_lost", "refused"];
    if let Some(told) = lane.call(tool, arguments, may_fail)
        && due != Value::Null
    {
        lane.same(tool, &told.structured["text"], due);
    }
    std::thread::sleep(std::time::Duration::from_millis(lane.rng.u64(0..40)));
}
