//! Echo requests and traces to addresses of loopback, one for each call.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::Lane;

pub fn ping(lane: &mut Lane) {
    if !lane.soak.pings.load(Ordering::Relaxed) {
        return;
    }
    let [.., a, b, c] = lane.unique().to_be_bytes();
    let target = format!("127.{a}.{b}.{c}");
    let may_fail: &[&str] = &["rate_limited"];
    if lane.rng.u8(0..4) == 0 {
        let Some(told) = lane.call("traceroute_tool", json!({ "target": target, "probes": 1 }), may_fail) else {
            return;
        };
        lane.same("traceroute_tool", &told.structured["target"], target);
        return;
    }
    let arguments = json!({ "target": target, "count": lane.rng.u8(1..4), "interval_ms": 200, "timeout_ms": 2000 });
    let begun = std::time::Instant::now();
    let Some(told) = lane.call("ping_tool", arguments, may_fail) else { return };
    lane.same("ping_tool", &told.structured["target"], target.as_str());
    let (sent, received) = (&told.structured["transmitted"], &told.structured["received"]);
    let all = sent == received || lane.soak.faults.met(begun);
    lane.holds("an echo of loopback is lost", all, || format!("{target}: {received} of {sent}"));
}
