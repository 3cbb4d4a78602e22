//! What the protocol and other plugins feel of four hundred searches of a large file at once. The
//! bounds are absolute: a person waits for these.

use std::time::Duration;

use serde_json::json;

use crate::Row;
use crate::client::{Client, beside};
use crate::files::data;
use crate::measures::timed;

/// Searches under way.
const SEARCHES: u64 = 400;

/// Beside [`SEARCHES`] searches: `ping` of the protocol, and a call of another plugin.
pub fn load() -> Vec<Row> {
    let path = data("much", 256);
    let folder = beside("bench-files").display().to_string();
    let policy = format!("[plugins.files]\nread = [{folder:?}]\n[plugins.tcp]\nconnect = [\"tcp://localhost:*\"]\n");
    let mut ours = Client::with_policy(&policy);
    let call = |id: u64, tool: &str, arguments: serde_json::Value| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
            .to_string()
    };
    ours.call("tcp_list_connections", json!({}));
    let search = json!({ "pattern": "no line has this[0-9]", "file_path": path, "options": "-E" });
    for id in 0..SEARCHES {
        ours.write(&call(1000 + id, "grep_tool", search.clone()));
    }
    let mut next = 10_000;
    let mut spread = |line: &dyn Fn(u64) -> String| {
        let mut times = timed(400, || {
            next += 1;
            ours.round_past(&line(next), next);
        });
        times.sort_unstable();
        (times[200], times[395])
    };
    let ping = spread(&|id| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" }).to_string());
    let other = spread(&|id| call(id, "tcp_list_connections", json!({})));
    let row = |what, time: Duration, most: f64| {
        let millis = time.as_secs_f64() * 1e3;
        Row { what, ours: format!("{millis:.2} ms"), bare: "–".to_owned(), ratio: millis, most, unit: "ms" }
    };
    vec![
        row("`ping` of the protocol beside 400 searches of 256 MiB (p50)", ping.0, 5.0),
        row("the same (p99)", ping.1, 50.0),
        row("a call of another plugin beside them (p50)", other.0, 50.0),
        row("the same (p99)", other.1, 500.0),
    ]
}
