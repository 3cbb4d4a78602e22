//! Tool definitions: what a component says its tools are, checked before any client sees it. A plugin's text is data: it
//! is bounded, and may hold nothing that a terminal or a reader could be misled by (I12).

use cofferdam_runtime::Definition;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::{Annotations, Tool};

/// Longest name: what every known client takes.
const NAME: usize = 40;
/// Longest title and description, in bytes.
const TITLE: usize = 200;
const DESCRIPTION: usize = 8 << 10;
/// Longest schema, in bytes of JSON, and its deepest nesting.
const SCHEMA: usize = 64 << 10;
const DEPTH: usize = 32;
/// Most tools of one plugin.
const TOOLS: usize = 128;

/// The form in which definitions are kept and embedded: MCP's names, so that the file reads like `tools/list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    description: String,
    input_schema: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<Map<String, Value>>,
}

/// Writes definitions down.
pub fn to_json(tools: &[Tool]) -> String {
    let kept: Vec<Kept> = tools
        .iter()
        .map(|tool| Kept {
            name: tool.name.clone(),
            title: tool.title.clone(),
            description: tool.description.clone(),
            input_schema: tool.input_schema.clone(),
            output_schema: tool.output_schema.clone(),
        })
        .collect();
    // A list of maps with text keys is always JSON.
    serde_json::to_string_pretty(&kept).unwrap_or_default()
}

/// Reads definitions that were written down.
pub fn from_json(plugin: &str, annotations: Annotations, json: &[u8]) -> Result<Vec<Tool>, String> {
    let kept: Vec<Kept> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    kept.into_iter()
        .map(|kept| {
            checked(Tool {
                name: kept.name,
                title: kept.title,
                description: kept.description,
                input_schema: kept.input_schema,
                output_schema: kept.output_schema,
                annotations,
                plugin: plugin.to_owned(),
            })
        })
        .collect()
}

/// Takes a component's own definitions over.
pub fn from_component(plugin: &str, annotations: Annotations, given: Vec<Definition>) -> Result<Vec<Tool>, String> {
    if given.len() > TOOLS {
        return Err(format!("it lists {} tools, {TOOLS} are the most", given.len()));
    }
    let mut tools: Vec<Tool> = Vec::with_capacity(given.len());
    for definition in given {
        let name = definition.name;
        let tool = checked(Tool {
            input_schema: schema(&name, "input", &definition.input_schema)?,
            output_schema: definition.output_schema.map(|json| schema(&name, "output", &json)).transpose()?,
            name,
            title: definition.title,
            description: definition.description,
            annotations,
            plugin: plugin.to_owned(),
        })?;
        if tools.iter().any(|other| other.name == tool.name) {
            return Err(format!("it lists the tool `{}` twice", tool.name));
        }
        tools.push(tool);
    }
    Ok(tools)
}

fn checked(tool: Tool) -> Result<Tool, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if tool.name.is_empty() || tool.name.len() > NAME || !tool.name.bytes().all(plain) {
        let name: String = tool.name.chars().take(NAME).flat_map(char::escape_default).collect();
        return Err(format!("its tool name `{name}` is not 1 to {NAME} of letters, digits, `_` and `-`"));
    }
    let name = &tool.name;
    if tool.title.as_ref().is_some_and(|title| title.len() > TITLE) {
        return Err(format!("the title of `{name}` is longer than {TITLE} bytes"));
    }
    if tool.description.len() > DESCRIPTION {
        return Err(format!("the description of `{name}` is longer than {DESCRIPTION} bytes"));
    }
    for text in [Some(&tool.description), tool.title.as_ref()].into_iter().flatten() {
        plain_text(name, text)?;
    }
    object_root(name, "input", &tool.input_schema)?;
    if let Some(schema) = &tool.output_schema {
        object_root(name, "output", schema)?;
    }
    Ok(tool)
}

fn schema(tool: &str, which: &str, json: &str) -> Result<Map<String, Value>, String> {
    if json.len() > SCHEMA {
        return Err(format!("the {which} schema of `{tool}` is longer than {SCHEMA} bytes"));
    }
    match serde_json::from_str(json) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(format!("the {which} schema of `{tool}` is not a JSON object")),
        Err(error) => Err(format!("the {which} schema of `{tool}` is not JSON: {error}")),
    }
}

/// What clients ask of a schema's root, and bounds for the rest.
fn object_root(tool: &str, which: &str, schema: &Map<String, Value>) -> Result<(), String> {
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err(format!("the root of the {which} schema of `{tool}` is not `type: object`"));
    }
    if let Some(key) = ["anyOf", "oneOf", "allOf", "$ref"].into_iter().find(|key| schema.contains_key(*key)) {
        return Err(format!("the root of the {which} schema of `{tool}` has `{key}`, which clients do not take"));
    }
    schema.iter().try_for_each(|(key, value)| walk(tool, which, key, value, DEPTH))
}

fn walk(tool: &str, which: &str, key: &str, value: &Value, depth: usize) -> Result<(), String> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("the {which} schema of `{tool}` is nested deeper than {DEPTH}"));
    };
    plain_text(tool, key)?;
    match value {
        // A reference to elsewhere would be fetched by somebody, some day.
        Value::String(text) if key == "$ref" && !text.starts_with('#') => {
            Err(format!("the {which} schema of `{tool}` refers to something outside itself"))
        }
        Value::String(text) => plain_text(tool, text),
        Value::Array(values) => values.iter().try_for_each(|value| walk(tool, which, "", value, depth)),
        Value::Object(members) => members.iter().try_for_each(|(key, value)| walk(tool, which, key, value, depth)),
        _ => Ok(()),
    }
}

/// Refuses what could mislead: control, bidirectional and zero-width characters. Line breaks are text.
fn plain_text(tool: &str, text: &str) -> Result<(), String> {
    let misleading = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    match text.chars().find(|c| misleading(*c)) {
        Some(c) => {
            Err(format!("a text of `{tool}` holds the character {}, which readers do not see", c.escape_default()))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HINTS: Annotations = Annotations { read_only: false, destructive: true, idempotent: false, open_world: true };

    fn given(name: &str, description: &str, input: &str) -> Definition {
        Definition {
            name: name.into(),
            title: None,
            description: description.into(),
            input_schema: input.into(),
            output_schema: None,
        }
    }

    fn problem(definition: Definition) -> String {
        from_component("p", HINTS, vec![definition]).unwrap_err()
    }

    const OBJECT: &str = r#"{"type":"object","properties":{}}"#;

    #[test]
    fn i12_a_forged_name_is_refused() {
        for name in ["", "a b", "a\u{1b}[2J", "näme", "tool\u{202e}", &"x".repeat(41)] {
            assert!(problem(given(name, "d", OBJECT)).contains("is not 1 to 40"), "{name:?}");
        }
        assert!(from_component("p", HINTS, vec![given("tcp_connect-2", "d", OBJECT)]).is_ok());
    }

    #[test]
    fn i12_hidden_characters_are_refused() {
        for text in ["a\u{1b}[2J", "a\u{200b}b", "a\u{202e}b", "a\u{7f}"] {
            assert!(problem(given("t", text, OBJECT)).contains("which readers do not see"), "{text:?}");
            let schema = serde_json::json!({ "type": "object", "description": text }).to_string();
            assert!(problem(given("t", "d", &schema)).contains("which readers do not see"), "{text:?}");
        }
    }

    #[test]
    fn schemas_that_clients_do_not_take_are_refused() {
        assert!(problem(given("t", "d", "[]")).contains("is not a JSON object"));
        assert!(problem(given("t", "d", "{")).contains("is not JSON"));
        assert!(problem(given("t", "d", r#"{"type":"string"}"#)).contains("not `type: object`"));
        assert!(problem(given("t", "d", r#"{"type":"object","anyOf":[]}"#)).contains("`anyOf`"));
        let outside = r#"{"type":"object","properties":{"a":{"$ref":"https://example.com/s"}}}"#;
        assert!(problem(given("t", "d", outside)).contains("outside itself"));
        let deep = format!(r#"{{"type":"object","a":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
        assert!(problem(given("t", "d", &deep)).contains("nested deeper"));
        let long = format!(r#"{{"type":"object","a":"{}"}}"#, "x".repeat(SCHEMA));
        assert!(problem(given("t", "d", &long)).contains("longer than"));
    }

    #[test]
    fn one_name_twice_is_refused() {
        let twice = vec![given("t", "d", OBJECT), given("t", "d", OBJECT)];
        assert_eq!(from_component("p", HINTS, twice).unwrap_err(), "it lists the tool `t` twice");
    }

    #[test]
    fn kept_definitions_come_back_as_they_were() {
        let tools = from_component("p", HINTS, vec![given("t", "d", OBJECT)]).unwrap();
        assert_eq!(from_json("p", HINTS, to_json(&tools).as_bytes()).unwrap(), tools);
    }
}
