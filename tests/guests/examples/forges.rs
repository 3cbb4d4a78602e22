//! Claims: whatever it calls its tools reaches clients. Lists the tools that a test has written
//! into the component, as they are written; each answers.
use std::rc::Rc;

use cofferdam_sdk::export::{Definition, Hints, Output, Plugin};
use cofferdam_sdk::{Cx, Failure};
use serde_json::Value;

/// Bytes of the component that a test writes over with JSON.
const ROOM: usize = 32 << 10;
const MARK: &[u8] = b"tools of forges:";
static WRITTEN: [u8; ROOM] = {
    let mut room = [b' '; ROOM];
    let mut at = 0;
    while at < MARK.len() {
        room[at] = MARK[at];
        at += 1;
    }
    room
};

/// What a test has written.
fn tools() -> Vec<Value> {
    // The compiler is not to know what stands there.
    let written = std::hint::black_box(&WRITTEN);
    serde_json::from_slice(written).unwrap_or_default()
}

#[derive(Default)]
struct Guest;

impl Plugin for Guest {
    fn definitions() -> Vec<Definition> {
        let tools = tools();
        let times = |tool: &Value| tool["times"].as_u64().unwrap_or(1);
        tools.iter().flat_map(|tool| (0..times(tool)).map(move |n| definition(tool, n))).collect()
    }

    async fn call(_: Rc<Self>, _: Cx, name: String, arguments: String) -> Result<Output, Failure> {
        let structured = serde_json::json!({ "tool": name, "bytes": arguments.len() });
        Ok(Output { content: Vec::new(), structured: Some(structured.to_string()) })
    }
}

fn definition(tool: &Value, n: u64) -> Definition {
    let optional = |key: &str| tool.get(key).map(text);
    let claims = |hint: &str| tool[hint].as_bool().unwrap_or(false);
    Definition {
        name: text(&tool["name"]).replace("{n}", &n.to_string()),
        title: optional("title"),
        description: optional("description").unwrap_or_else(|| "Answers.".to_owned()),
        input_schema: optional("input").unwrap_or_else(|| r#"{"type":"object"}"#.to_owned()),
        output_schema: optional("output"),
        meta: optional("meta"),
        hints: Hints {
            read_only: claims("read_only"),
            additive: claims("additive"),
            idempotent: claims("idempotent"),
            closed_world: claims("closed_world"),
            pages: claims("pages"),
        },
    }
}

/// A text as the settings have it: itself, several in a row, or `{ text, times }`.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text).collect(),
        _ => text(&value["text"]).repeat(usize::try_from(value["times"].as_u64().unwrap_or(0)).unwrap_or(0)),
    }
}

guests::manifest!("forges.toml");
cofferdam_sdk::export_plugin!(Guest);
