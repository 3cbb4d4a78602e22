//! Tool definitions: what a component says its tools are, checked before any client sees it. A
//! plugin's text is data: it is bounded, and may hold nothing that a terminal or a reader could be
//! misled by (I12).

use cofferdam_grants::quoted;
use cofferdam_runtime::{Definition, Hints};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::schema;
use crate::tool::{Annotations, Tool};

/// Longest name: what every known client takes.
const NAME: usize = 40;
/// Longest title and description, in bytes.
const TITLE: usize = 200;
const DESCRIPTION: usize = 8 << 10;
/// Most tools of one plugin, and the longest that all of it is, in bytes.
const TOOLS: usize = 128;
const ALL: usize = 1 << 20;

/// The form in which definitions are kept and embedded: MCP's names, so that the file reads like
/// `tools/list`.
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
    /// What the tool claims, one word each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hints: Vec<String>,
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    meta: Option<Map<String, Value>>,
}

/// What the grants of a plugin allow it to do, so far as its tools' hints depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// It comes with the binary: what it claims has been read in its source.
    pub shipped: bool,
    /// It may do something to somebody: open connections.
    pub acts: bool,
    /// It may reach beyond this machine.
    pub open_world: bool,
}

/// Hints for clients: what the tool claims, made tighter by what the plugin may do. A component of
/// somebody else's that may open connections can do anything to its peers, whatever it claims.
fn annotations(reach: Reach, hints: Hints) -> Annotations {
    let believed = reach.shipped || !reach.acts;
    let read_only = hints.read_only && believed;
    Annotations {
        read_only,
        destructive: !(read_only || hints.additive && believed),
        idempotent: read_only || hints.idempotent && believed,
        open_world: reach.open_world || !hints.closed_world,
    }
}

type Claim = fn(&mut Hints) -> &mut bool;

/// The words under which hints are kept, and what they stand for.
const WORDS: [(&str, Claim); 5] = [
    ("readOnly", |hints| &mut hints.read_only),
    ("additive", |hints| &mut hints.additive),
    ("idempotent", |hints| &mut hints.idempotent),
    ("closedWorld", |hints| &mut hints.closed_world),
    ("pages", |hints| &mut hints.pages),
];

fn words(mut hints: Hints) -> Vec<String> {
    WORDS.iter().filter(|(_, of)| *of(&mut hints)).map(|(word, _)| (*word).to_owned()).collect()
}

/// An unknown word claims nothing.
fn hints(words: &[String]) -> Hints {
    let mut hints = Hints::default();
    WORDS.iter().for_each(|(word, of)| *of(&mut hints) = words.iter().any(|given| given == word));
    hints
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
            hints: words(tool.hints),
            meta: tool.meta.clone(),
        })
        .collect();
    // A list of maps with text keys is always JSON.
    serde_json::to_string_pretty(&kept).unwrap_or_default()
}

/// Reads definitions that were written down.
pub fn from_json(plugin: &str, reach: Reach, json: &[u8]) -> Result<Vec<Tool>, String> {
    let kept: Vec<Kept> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    kept.into_iter()
        .map(|kept| {
            let hints = hints(&kept.hints);
            checked(Tool {
                name: kept.name,
                title: kept.title,
                description: kept.description,
                input_schema: kept.input_schema,
                output_schema: kept.output_schema,
                annotations: annotations(reach, hints),
                hints,
                meta: kept.meta,
                plugin: plugin.to_owned(),
            })
        })
        .collect()
}

/// The names of the tools in definitions that were written down; none where they cannot be read.
pub fn names(json: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let named: Vec<Named> = serde_json::from_slice(json).unwrap_or_default();
    named.into_iter().map(|tool| tool.name).collect()
}

/// Takes a component's own definitions over.
pub fn from_component(plugin: &str, reach: Reach, given: Vec<Definition>) -> Result<Vec<Tool>, String> {
    if given.len() > TOOLS {
        return Err(format!("it lists {} tools, {TOOLS} are the most", given.len()));
    }
    let bytes: usize = given.iter().map(length).sum();
    if bytes > ALL {
        return Err(format!("its tools' texts and schemas have {bytes} bytes, {ALL} are the most"));
    }
    let mut tools: Vec<Tool> = Vec::with_capacity(given.len());
    for definition in given {
        let name = definition.name;
        plain_name(&name)?;
        let meta = definition.meta.map(|json| meta(&name, &json)).transpose()?;
        let tool = checked(Tool {
            input_schema: schema::parse(&name, "input", &definition.input_schema)?,
            output_schema: definition.output_schema.map(|json| schema::parse(&name, "output", &json)).transpose()?,
            name,
            title: definition.title,
            description: definition.description,
            annotations: annotations(reach, definition.hints),
            hints: definition.hints,
            meta,
            plugin: plugin.to_owned(),
        })?;
        if tools.iter().any(|other| other.name == tool.name) {
            return Err(format!("it lists the tool `{}` twice", tool.name));
        }
        for (which, schema) in [("input", Some(&tool.input_schema)), ("output", tool.output_schema.as_ref())] {
            // Found out now, so that the operator hears of it, and not a caller.
            if let Some(schema) = schema
                && let Err(cause) = schema::validator(&Value::Object(schema.clone()))
            {
                return Err(format!("the {which} schema of `{}` is not valid: {cause}", tool.name));
            }
        }
        tools.push(tool);
    }
    Ok(tools)
}

fn length(definition: &Definition) -> usize {
    let Definition { name, title, description, input_schema, output_schema, hints: _, meta } = definition;
    let optional = [title, output_schema, meta].into_iter().flatten().map(String::len).sum::<usize>();
    name.len() + description.len() + input_schema.len() + optional
}

/// The longest `_meta` of a tool, in bytes.
const META: usize = 4 << 10;
/// Names of `_meta` that are the protocol's own.
const RESERVED: [&str; 2] = ["io.modelcontextprotocol/", "modelcontextprotocol.io/"];

/// A tool's `_meta`.
fn meta(name: &str, json: &str) -> Result<Map<String, Value>, String> {
    if json.len() > META {
        return Err(format!("the `_meta` of `{name}` is longer than {META} bytes"));
    }
    schema::plain_text(json).map_err(|what| format!("the `_meta` of `{name}` {what}"))?;
    match serde_json::from_str(json) {
        Ok(Value::Object(members)) => {
            match members.keys().find(|key| RESERVED.iter().any(|own| key.starts_with(own))) {
                Some(key) => {
                    Err(format!("the `_meta` of `{name}` has `{}`, which is the protocol's own", quoted(key, 64)))
                }
                None => Ok(members),
            }
        }
        _ => Err(format!("the `_meta` of `{name}` is not a JSON object")),
    }
}

fn plain_name(name: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if name.is_empty() || name.len() > NAME || !name.bytes().all(plain) {
        let name: String = name.chars().take(NAME).flat_map(char::escape_default).collect();
        return Err(format!("its tool name `{name}` is not 1 to {NAME} of letters, digits, `_` and `-`"));
    }
    Ok(())
}

fn checked(tool: Tool) -> Result<Tool, String> {
    plain_name(&tool.name)?;
    let name = &tool.name;
    if tool.title.as_ref().is_some_and(|title| title.len() > TITLE) {
        return Err(format!("the title of `{name}` is longer than {TITLE} bytes"));
    }
    if tool.description.len() > DESCRIPTION {
        return Err(format!("the description of `{name}` is longer than {DESCRIPTION} bytes"));
    }
    for text in [Some(&tool.description), tool.title.as_ref()].into_iter().flatten() {
        schema::plain_text(text).map_err(|what| format!("a text of `{name}` {what}"))?;
    }
    schema::check(name, "input", &tool.input_schema)?;
    if let Some(schema) = &tool.output_schema {
        schema::check(name, "output", schema)?;
    }
    Ok(tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REACH: Reach = Reach { shipped: false, acts: true, open_world: true };

    fn given(name: &str, description: &str, input: &str) -> Definition {
        Definition {
            name: name.into(),
            title: None,
            description: description.into(),
            input_schema: input.into(),
            output_schema: None,
            hints: Hints::default(),
            meta: None,
        }
    }

    fn problem(definition: Definition) -> String {
        from_component("p", REACH, vec![definition]).unwrap_err()
    }

    const OBJECT: &str = r#"{"type":"object","properties":{}}"#;

    #[test]
    fn i12_a_forged_name_is_refused() {
        for name in ["", "a b", "a\u{1b}[2J", "näme", "tool\u{202e}", &"x".repeat(41)] {
            assert!(problem(given(name, "d", OBJECT)).contains("is not 1 to 40"), "{name:?}");
        }
        assert!(from_component("p", REACH, vec![given("tcp_connect-2", "d", OBJECT)]).is_ok());
    }

    #[test]
    fn meta_is_a_small_object_without_the_protocols_own_names() {
        for wrong in [
            "[]",
            "{",
            r#"{"io.modelcontextprotocol/x":1}"#,
            r#"{"a":"\u{200b}"}"#,
            &format!("{{\"a\":\"{}\"}}", "x".repeat(META)),
        ] {
            let meta = Some(wrong.replace("\\u{200b}", "\u{200b}"));
            assert!(problem(Definition { meta, ..given("t", "d", OBJECT) }).contains("`_meta` of `t`"), "{wrong}");
        }
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
        let long = format!(r#"{{"type":"object","a":"{}"}}"#, "x".repeat(64 << 10));
        assert!(problem(given("t", "d", &long)).contains("longer than"));
    }

    #[test]
    fn a_plugin_lists_no_more_than_a_client_can_read() {
        let many = |count: usize, description: &str| {
            let tools = (0..count).map(|n| given(&format!("t{n}"), description, OBJECT)).collect();
            from_component("p", REACH, tools)
        };
        assert_eq!(many(TOOLS, "d").unwrap().len(), TOOLS);
        assert_eq!(many(10_000, "d").unwrap_err(), "it lists 10000 tools, 128 are the most");
        assert!(problem(given("t", &"x".repeat(DESCRIPTION + 1), OBJECT)).contains("longer than 8192 bytes"));
        let huge =
            r#"{"type":"object","properties":{},"description":"#.to_owned() + &format!("{:?}}}", "x".repeat(60_000));
        let tools = (0..20).map(|n| given(&format!("t{n}"), "d", &huge)).collect();
        assert!(from_component("p", REACH, tools).unwrap_err().contains("1048576 are the most"));
    }

    #[test]
    fn a_schema_that_is_not_valid_is_refused_when_it_is_listed() {
        for (schema, part) in [
            (r#"{"type":"object","properties":{"a":{"pattern":"("}}}"#, "is not valid"),
            (r#"{"type":"object","properties":{"a":{"type":"text"}}}"#, "is not valid"),
            (r#"{"type":"object","properties":7}"#, "is not valid"),
        ] {
            assert!(problem(given("t", "d", schema)).contains(part), "{schema}");
        }
    }

    #[test]
    fn one_name_twice_is_refused() {
        let twice = vec![given("t", "d", OBJECT), given("t", "d", OBJECT)];
        assert_eq!(from_component("p", REACH, twice).unwrap_err(), "it lists the tool `t` twice");
    }

    #[test]
    fn grants_only_tighten_what_a_tool_claims() {
        let all = Hints { read_only: true, additive: true, idempotent: true, closed_world: true, pages: false };
        let careful = Annotations { read_only: false, destructive: true, idempotent: false, open_world: true };
        let careless = Annotations { read_only: true, destructive: false, idempotent: true, open_world: false };
        let nothing = Reach::default();
        assert_eq!(annotations(nothing, Hints::default()), careful, "what is not claimed is not given");
        assert_eq!(annotations(nothing, all), careless);
        assert_eq!(annotations(REACH, all), careful, "a stranger that may connect is not believed");
        assert_eq!(annotations(Reach { shipped: true, ..REACH }, all), Annotations { open_world: true, ..careless });
        let adds = Hints { read_only: false, idempotent: false, ..all };
        assert_eq!(annotations(nothing, adds), Annotations { read_only: false, idempotent: false, ..careless });
    }

    #[test]
    fn kept_definitions_come_back_as_they_were() {
        let hints = Hints { read_only: true, pages: true, ..Hints::default() };
        let meta = Some(r#"{"example.com/x":1}"#.to_owned());
        let tools = from_component("p", REACH, vec![Definition { hints, meta, ..given("t", "d", OBJECT) }]).unwrap();
        assert_eq!((tools[0].hints, &tools[0].meta.as_ref().unwrap()["example.com/x"]), (hints, &1.into()));
        assert_eq!(from_json("p", REACH, to_json(&tools).as_bytes()).unwrap(), tools);
    }
}
