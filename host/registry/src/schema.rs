//! A tool's JSON Schema: what clients take, and bounds that make checking arguments against it a
//! matter of milliseconds, whoever wrote it. A schema is a stranger's program: references may fan
//! out, patterns may backtrack, and a validator that recurses may run out of stack. So it is
//! finite, small when written out, and its patterns match in linear time.

use std::collections::HashMap;

use cofferdam_grants::{is_harmful, quoted};
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value};

/// Longest schema, in bytes of JSON, and its deepest nesting.
const SCHEMA: usize = 64 << 10;
const DEPTH: usize = 32;
/// Most values of a schema, and its deepest nesting, with every reference replaced by what it
/// means.
const VALUES: u64 = 10_000;
const EXPANDED_DEPTH: usize = 64;
/// Memory of one compiled pattern, in bytes; matching takes time with it and with the text.
const PATTERN: usize = 256 << 10;
/// What one check may cost: values of the schema times values of the arguments, and patterns times
/// bytes.
const COST: u64 = 200_000_000;
/// What it may cost where other calls wait for it: some milliseconds.
const EXPENSIVE: u64 = 1_000_000;
/// What a byte costs a pattern, in the same unit: what compiled patterns of that size need at the
/// worst.
const BYTE: u64 = 16;
/// Words that change what a reference means: no client takes them, and a pointer would not lead
/// where it seems to.
const FOREIGN: [&str; 5] = ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef"];
/// Words under which every level walks the same value again.
const REPEATED: [&str; 2] = ["unevaluatedProperties", "unevaluatedItems"];
/// Words under which members are named by the tool, not by JSON Schema.
const NAMED: [&str; 5] = ["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"];

/// Reads a schema that a component gives, and refuses what is not bounded.
pub fn parse(tool: &str, which: &str, json: &str) -> Result<Map<String, Value>, String> {
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
pub fn check(tool: &str, which: &str, schema: &Map<String, Value>) -> Result<(), String> {
    let told = |what: String| format!("the {which} schema of `{tool}` {what}");
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err(format!("the root of the {which} schema of `{tool}` is not `type: object`"));
    }
    if let Some(key) = ["anyOf", "oneOf", "allOf", "$ref"].into_iter().find(|key| schema.contains_key(*key)) {
        return Err(format!("the root of the {which} schema of `{tool}` has `{key}`, which clients do not take"));
    }
    schema.iter().try_for_each(|(key, value)| walk(key, value, DEPTH)).map_err(told)?;
    Size::of(schema).map(drop).map_err(told)
}

/// Refuses what could mislead: control, bidirectional and invisible characters. Line breaks are
/// text.
pub fn plain_text(text: &str) -> Result<(), String> {
    match text.chars().find(|c| *c != '\n' && is_harmful(*c)) {
        Some(c) => Err(format!("holds the character {}, which readers do not see", c.escape_default())),
        None => Ok(()),
    }
}

fn walk(key: &str, value: &Value, depth: usize) -> Result<(), String> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("is nested deeper than {DEPTH}"));
    };
    plain_text(key)?;
    match value {
        // A reference to elsewhere would be fetched by somebody, some day.
        Value::String(text) if key == "$ref" && !text.starts_with('#') => {
            Err("refers to something outside itself".to_owned())
        }
        Value::String(_) if FOREIGN.contains(&key) => Err(format!("has `{key}`, which clients do not take")),
        Value::String(text) => plain_text(text),
        Value::Array(values) => values.iter().try_for_each(|value| walk("", value, depth)),
        Value::Object(members) => members.iter().try_for_each(|(key, value)| walk(key, value, depth)),
        _ => Ok(()),
    }
}

/// How much a schema is, with every reference replaced by what it means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    values: u64,
    patterns: u64,
    depth: usize,
}

impl Size {
    /// Of a whole schema, which has to be finite.
    ///
    /// # Errors
    /// What is wrong, to be read after the schema's name.
    pub fn of(schema: &Map<String, Value>) -> Result<Self, String> {
        Measure { root: schema, known: HashMap::new() }.object(schema, false, EXPANDED_DEPTH)
    }

    /// What it takes to check arguments against the schema; how many values they have.
    ///
    /// # Errors
    /// Too much.
    pub fn cost(&self, arguments: &Map<String, Value>) -> Result<Cost, String> {
        let (mut values, mut bytes) = (0, 0);
        arguments.iter().for_each(|(key, value)| weigh(key, value, &mut values, &mut bytes));
        let patterns = self.patterns.saturating_mul(BYTE).saturating_mul(bytes);
        let all = self.values.saturating_mul(values).saturating_add(patterns);
        if all <= COST {
            return Ok(Cost { values, is_expensive: all > EXPENSIVE });
        }
        let part = if patterns > COST / 2 { format!("{} patterns", self.patterns) } else { "schema".to_owned() };
        Err(format!(
            "the arguments have {values} values and {bytes} bytes of text, too many to check against the tool's {part}"
        ))
    }
}

/// What a check takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Values of the arguments, all levels.
    pub values: u64,
    /// It takes so long that others should not wait for it.
    pub is_expensive: bool,
}

/// Counts the values of arguments, and the bytes that a pattern may have to read. A client's JSON
/// is nested 128 deep at most.
fn weigh(key: &str, value: &Value, values: &mut u64, bytes: &mut u64) {
    *values += 1;
    *bytes += key.len() as u64;
    match value {
        Value::String(text) => *bytes += text.len() as u64,
        Value::Array(items) => items.iter().for_each(|item| weigh("", item, values, bytes)),
        Value::Object(members) => members.iter().for_each(|(key, value)| weigh(key, value, values, bytes)),
        _ => {}
    }
}

struct Measure<'a> {
    root: &'a Map<String, Value>,
    /// What was referred to: its size, or nothing while it is being measured.
    known: HashMap<&'a str, Option<Size>>,
}

impl<'a> Measure<'a> {
    /// Of an object: a schema, or where `named` says so, schemas by name.
    fn object(&mut self, members: &'a Map<String, Value>, named: bool, room: usize) -> Result<Size, String> {
        let mut size = Size { values: 1, ..Size::default() };
        for (key, value) in members {
            let word = if named { "" } else { key.as_str() };
            if REPEATED.contains(&word) {
                return Err(format!("has `{word}`, which clients do not take"));
            }
            let part = match (word, value) {
                ("$ref", Value::String(to)) => self.reference(to, room)?,
                // What is defined counts where it is referred to.
                ("$defs" | "definitions", Value::Object(_)) => continue,
                ("patternProperties", Value::Object(patterns)) => {
                    let part = self.value(value, true, room)?;
                    Size { patterns: part.patterns.saturating_add(patterns.len() as u64), ..part }
                }
                ("pattern", Value::String(_)) => Size { values: 1, patterns: 1, depth: 1 },
                _ => self.value(value, NAMED.contains(&word), room)?,
            };
            size.add(part)?;
        }
        Ok(size)
    }

    fn value(&mut self, value: &'a Value, named: bool, room: usize) -> Result<Size, String> {
        let room = room.checked_sub(1).ok_or_else(too_deep)?;
        let mut size = Size { values: 1, ..Size::default() };
        match value {
            Value::Object(members) => size = self.object(members, named, room)?,
            Value::Array(values) => {
                for value in values {
                    size.add(self.value(value, false, room)?)?;
                }
            }
            _ => {}
        }
        size.depth += 1;
        Ok(size)
    }

    fn reference(&mut self, to: &'a str, room: usize) -> Result<Size, String> {
        let fault = |what: &str| Err(format!("refers to `{}`, {what}", quoted(to, 64)));
        match self.known.get(to) {
            Some(Some(size)) if size.depth <= room => return Ok(*size),
            Some(Some(_)) => return Err(too_deep()),
            Some(None) => return fault("which leads back to itself: a schema has to be finite"),
            None if to == "#" => return fault("which is all of it: a schema has to be finite"),
            None => {}
        }
        let Some(value) = target(self.root, to) else { return fault("which it does not have") };
        self.known.insert(to, None);
        let size = self.value(value, false, room)?;
        self.known.insert(to, Some(size));
        Ok(size)
    }
}

impl Size {
    fn add(&mut self, part: Self) -> Result<(), String> {
        self.values = self.values.saturating_add(part.values);
        self.patterns = self.patterns.saturating_add(part.patterns);
        self.depth = self.depth.max(part.depth);
        if self.values > VALUES {
            return Err(format!("has more than {VALUES} values when its references are followed"));
        }
        Ok(())
    }
}

fn too_deep() -> String {
    format!("is nested deeper than {EXPANDED_DEPTH} when its references are followed")
}

/// What a reference leads to: a JSON pointer (RFC 6901) inside the schema, in its plain spelling.
pub fn target<'a>(root: &'a Map<String, Value>, to: &str) -> Option<&'a Value> {
    let path = to.strip_prefix("#/").filter(|path| !path.contains('%'))?;
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = root.get(&first.replace("~1", "/").replace("~0", "~"))?;
    rest.map_or(Some(value), |rest| value.pointer(&format!("/{rest}")))
}

/// The check of arguments, compiled.
///
/// # Errors
/// The schema is not valid.
pub fn validator(schema: &Value) -> Result<Validator, String> {
    let patterns = PatternOptions::regex().size_limit(PATTERN).dfa_size_limit(PATTERN);
    let options = jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns);
    options.build(schema).map_err(|error| {
        let at = error.instance_path().to_string();
        let value = if at.is_empty() { "it".to_owned() } else { format!("`{at}`") };
        error.masked_with(value).to_string()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            other => panic!("{other}"),
        }
    }

    fn problem(schema: Value) -> String {
        check("t", "input", &object(schema)).unwrap_err()
    }

    /// Each level twice the next: `levels` definitions, two to the power of them when written out.
    fn fans_out(levels: usize) -> Value {
        let mut defs = Map::new();
        for level in 0..levels {
            let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
            defs.insert(format!("d{level}"), json!({ "anyOf": [next, next] }));
        }
        defs.insert(format!("d{levels}"), json!({ "type": "string" }));
        json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/d0" } }, "$defs": defs })
    }

    #[test]
    fn a_schema_that_fans_out_is_refused() {
        assert!(check("t", "input", &object(fans_out(5))).is_ok());
        assert!(problem(fans_out(14)).contains("has more than 10000 values when its references are followed"));
    }

    #[test]
    fn a_chain_of_references_is_no_deeper_than_a_stack_takes() {
        let chain = |length: usize| {
            let mut defs = Map::new();
            for at in 0..length {
                defs.insert(format!("d{at}"), json!({ "$ref": format!("#/$defs/d{}", at + 1) }));
            }
            defs.insert(format!("d{length}"), json!({ "type": "string" }));
            json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/d0" } }, "$defs": defs })
        };
        assert!(check("t", "input", &object(chain(20))).is_ok());
        assert!(problem(chain(1000)).contains("nested deeper than 64 when its references are followed"));
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_refused() {
        for (reference, defs) in [
            ("#", json!({})),
            ("#/$defs/a", json!({ "a": { "$ref": "#/$defs/a" } })),
            (
                "#/$defs/a",
                json!({ "a": { "items": { "$ref": "#/$defs/b" } }, "b": { "not": { "$ref": "#/$defs/a" } } }),
            ),
            ("#/properties/x", json!({})),
        ] {
            let text =
                problem(json!({ "type": "object", "properties": { "x": { "$ref": reference } }, "$defs": defs }));
            assert!(text.contains("has to be finite"), "{reference}: {text}");
        }
    }

    #[test]
    fn a_reference_leads_where_it_says_or_nowhere() {
        for to in ["#/$defs/none", "#a", "#/%24defs/a"] {
            let schema = json!({ "type": "object", "properties": { "x": { "$ref": to } }, "$defs": { "a": {} } });
            assert!(problem(schema).contains("which it does not have"), "{to}");
        }
        for (key, value) in [("$id", "https://example.com/"), ("$anchor", "a"), ("$dynamicRef", "#a")] {
            let schema = json!({ "type": "object", "properties": { "x": { key: value } } });
            assert!(problem(schema).contains(&format!("has `{key}`, which clients do not take")), "{key}");
        }
        let named = json!({ "type": "object", "properties": { "$id": { "type": "string" }, "unevaluatedItems": {} } });
        assert!(check("t", "input", &object(named)).is_ok(), "as names of arguments they are names");
        let again = json!({ "type": "object", "unevaluatedProperties": false });
        assert!(problem(again).contains("`unevaluatedProperties`"));
        let split = json!({ "type": "object", "properties": { "x": { "$ref": "#/$defs/a~1b~0c/x" } },
            "$defs": { "a/b~c": { "x": {} } } });
        assert!(check("t", "input", &object(split)).is_ok());
    }

    #[test]
    fn patterns_are_linear_or_refused() {
        let with = |pattern: &str| json!({ "type": "object", "properties": { "x": { "pattern": pattern } } });
        assert!(validator(&with("^(a+)+$")).is_ok());
        for pattern in ["(", "(?=a)b", "(a)\\1", "((a{1,200}){1,200}){1,200}"] {
            assert!(validator(&with(pattern)).is_err(), "{pattern}");
        }
        let (check, text) = (validator(&with("^(a+)+$")).unwrap(), json!({ "x": format!("{}b", "a".repeat(100_000)) }));
        assert!(!check.is_valid(&text));
    }

    #[test]
    fn what_a_check_may_cost_is_bounded() {
        let schema = object(json!({ "type": "object", "properties": { "x": { "pattern": "a" } } }));
        let size = Size::of(&schema).unwrap();
        assert_eq!(size.cost(&object(json!({ "y": [1, 2] }))), Ok(Cost { values: 3, is_expensive: false }));
        let expensive = size.cost(&object(json!({ "x": "a".repeat(1 << 20), "y": [1, 2] })));
        assert_eq!(expensive, Ok(Cost { values: 4, is_expensive: true }));
        let text = size.cost(&object(json!({ "x": "a".repeat(20 << 20) }))).unwrap_err();
        assert!(text.contains("too many to check against the tool's 1 patterns"), "{text}");
        let wide: Vec<Value> = (0..3000).map(|n| json!({ "const": n })).collect();
        let size =
            Size::of(&object(json!({ "type": "object", "properties": { "x": { "items": { "anyOf": wide } } } })));
        let text = size.unwrap().cost(&object(json!({ "x": vec![0; 100_000] }))).unwrap_err();
        assert!(text.contains("too many to check against the tool's schema"), "{text}");
    }
}
