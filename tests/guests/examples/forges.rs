//! Claims: whatever it calls its tools reaches clients. Lists the tools that its settings say, as
//! they say it; each answers.
use std::rc::Rc;

use cofferdam_sdk::export::{Definition, Hints, Output, Plugin};
use cofferdam_sdk::{Cx, Failure};
use serde_json::Value;

#[derive(Default)]
struct Guest;

impl Plugin for Guest {
    fn definitions() -> Vec<Definition> {
        let settings: Value = cofferdam_sdk::settings().unwrap_or_default();
        let tools = settings["tools"].as_array().cloned().unwrap_or_default();
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
