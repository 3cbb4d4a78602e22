//! What clients get of a tool's schemas. The check of arguments takes every word of JSON Schema.
//! Clients hand the schema on to a model's API, and some of them fail as a whole on a word that
//! they do not know. Each word that is taken out for that was seen to fail with a real client; the
//! table is in `tests/README.md`.
//!
//! The rest is taken out because a model's context is small: texts for people, and everything but
//! names and types of an answer's schema. All of it stays in the definitions (`cofferdam tools
//! --json`).

use serde_json::{Map, Value};

/// Words under which members are named by the tool, not by JSON Schema.
const NAMED: [&str; 5] = ["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"];

/// Words whose values are data, not schemas.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];

/// What an answer's schema may take of a client's context, in bytes of JSON. Nested members of a
/// longer schema are left out, the deepest first. The members of its root are always there.
const ANSWER: usize = 800;

/// The schema of the arguments, as clients get it.
pub(crate) fn input(schema: &Map<String, Value>) -> Map<String, Value> {
    Part { answer: false, depth: usize::MAX }.members(schema, false)
}

/// The schema of the structured answer, as clients get it: names and types. It allows whatever the
/// tool's own schema allows, and more. Nothing is required: a client that takes a failure's JSON
/// text for structured content (Gemini CLI) checks the text against this schema, and would show its
/// own error instead of the failure.
pub(crate) fn output(schema: &Map<String, Value>) -> Map<String, Value> {
    let to = |depth| Part { answer: true, depth }.members(schema, false);
    let mut told = to(usize::MAX);
    for depth in (1..nesting(schema)).rev() {
        if length(&told) <= ANSWER {
            break;
        }
        told = to(depth);
    }
    told
}

/// How a part of a schema is shortened.
#[derive(Clone, Copy)]
struct Part {
    /// It describes an answer.
    answer: bool,
    /// How many more levels of members are kept.
    depth: usize,
}

impl Part {
    fn members(self, schema: &Map<String, Value>, named: bool) -> Map<String, Value> {
        let mut told = Map::new();
        for (key, value) in schema {
            if !named && !self.tells(key, value) {
                continue;
            }
            // An answer matches exactly one of several schemas. It may match several shortened
            // ones.
            let word = if self.answer && !named && key == "oneOf" { "anyOf" } else { key };
            let part = match (named, key.as_str()) {
                (false, word) if DATA.contains(&word) => value.clone(),
                (false, word) if NAMED.contains(&word) => Self { depth: self.depth - 1, ..self }.part(value, true),
                _ => self.part(value, false),
            };
            told.insert(word.to_owned(), part);
        }
        told
    }

    /// Whether clients get this word of JSON Schema. They do not get `additionalProperties: true`
    /// or `false` (google-genai reads a schema there, and refuses all tools). Nor do they get
    /// `minLength: 0`, which tells our own check that an empty text means something.
    fn tells(self, key: &str, value: &Value) -> bool {
        match key {
            "$comment" | "$schema" | "title" => false,
            "additionalProperties" => !value.is_boolean() && self.depth > 0,
            "minLength" => value != &Value::from(0),
            _ if NAMED.contains(&key) => self.depth > 0,
            "description" | "default" | "examples" | "required" => !self.answer,
            // These may be false of an answer once the schema is shortened.
            "not" | "if" | "then" | "else" | "maxContains" | "unevaluatedProperties" | "unevaluatedItems" => {
                !self.answer
            }
            _ => true,
        }
    }

    fn part(self, value: &Value, named: bool) -> Value {
        match value {
            Value::Object(object) => Value::Object(self.members(object, named)),
            Value::Array(values) => values.iter().map(|value| self.part(value, false)).collect(),
            other => other.clone(),
        }
    }
}

/// How many levels of members a schema has.
fn nesting(schema: &Map<String, Value>) -> usize {
    fn of(key: &str, value: &Value) -> usize {
        let inner = match value {
            Value::Object(members) => members.iter().map(|(key, value)| of(key, value)).max(),
            Value::Array(values) => values.iter().map(|value| of("", value)).max(),
            _ => None,
        };
        inner.unwrap_or(0) + usize::from(NAMED.contains(&key))
    }
    schema.iter().map(|(key, value)| of(key, value)).max().unwrap_or(0)
}

/// The bytes of a schema as JSON, about: texts are counted without escapes.
fn length(schema: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Object(members) => length(members),
            Value::Array(values) => 1 + values.iter().map(|value| of(value) + 1).sum::<usize>(),
            Value::String(text) => text.len() + 2,
            Value::Number(_) | Value::Bool(_) | Value::Null => 5,
        }
    }
    1 + schema.iter().map(|(key, value)| key.len() + 4 + of(value)).sum::<usize>()
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

    #[test]
    fn words_that_clients_fail_on_are_left_out_and_arguments_of_that_name_are_not() {
        let schema = object(json!({
            "type": "object", "additionalProperties": false, "required": ["steps"],
            "properties": {
                "additionalProperties": { "type": "boolean" },
                "minLength": { "type": "string", "minLength": 0 },
                "steps": { "type": "array", "items": { "type": "object", "additionalProperties": true,
                    "properties": { "send": { "type": "string", "minLength": 1 } } } },
                "map": { "type": "object", "additionalProperties": { "type": "string" } },
            },
            "$defs": { "a": { "anyOf": [{ "additionalProperties": false, "required": ["x"] }] } },
        }));
        let expected = json!({
            "type": "object", "required": ["steps"],
            "properties": {
                "additionalProperties": { "type": "boolean" },
                "minLength": { "type": "string" },
                "steps": { "type": "array", "items": { "type": "object",
                    "properties": { "send": { "type": "string", "minLength": 1 } } } },
                "map": { "type": "object", "additionalProperties": { "type": "string" } },
            },
            "$defs": { "a": { "anyOf": [{ "required": ["x"] }] } },
        });
        assert_eq!(input(&schema), object(expected));
    }

    #[test]
    fn what_is_for_people_is_left_out_and_arguments_of_that_name_are_not() {
        let schema = object(json!({
            "type": "object", "$comment": "for people", "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Asked",
            "properties": {
                "title": { "type": "string", "title": "Title", "description": "for models" },
                "$comment": { "type": "object", "default": { "title": "x", "$comment": 1 }, "$comment": "for people" },
            },
        }));
        let expected = json!({
            "type": "object",
            "properties": {
                "title": { "type": "string", "description": "for models" },
                "$comment": { "type": "object", "default": { "title": "x", "$comment": 1 } },
            },
        });
        assert_eq!(input(&schema), object(expected));
    }

    #[test]
    fn of_an_answer_names_and_types_are_told() {
        let schema = object(json!({
            "type": "object", "description": "An answer", "required": ["a"],
            "properties": {
                "a": { "type": "array", "items": { "type": "object", "required": ["description"],
                    "properties": { "description": { "type": "integer", "description": "b" } } } },
                "one": { "oneOf": [{ "type": "string", "default": "" }, { "type": "object", "not": { "required": ["x"] } }] },
            },
        }));
        let expected = json!({
            "type": "object",
            "properties": {
                "a": { "type": "array", "items": { "type": "object",
                    "properties": { "description": { "type": "integer" } } } },
                "one": { "anyOf": [{ "type": "string" }, { "type": "object" }] },
            },
        });
        assert_eq!(output(&schema), object(expected));
    }

    #[test]
    fn a_long_answers_deepest_members_are_left_out_first() {
        let leaves: Map<String, Value> =
            (0..12).map(|n| (format!("leaf_{n:02}"), json!({ "type": "string" }))).collect();
        let deep = json!({ "type": "object", "properties": leaves, "required": ["leaf_00"], "additionalProperties": { "type": "null" } });
        let schema = |deep: &Value, few: usize| {
            let middle: Map<String, Value> = (0..few).map(|n| (format!("middle_{n}"), deep.clone())).collect();
            object(json!({ "type": "object", "properties": {
                "root": { "type": "array", "items": { "type": "object", "properties": middle } },
            } }))
        };
        let told = output(&schema(&deep, 1));
        assert!(
            told["properties"]["root"]["items"]["properties"]["middle_0"]["properties"]["leaf_11"].is_object(),
            "{told:?}"
        );
        let told = output(&schema(&deep, 9));
        assert_eq!(told["properties"]["root"]["items"]["properties"]["middle_8"], json!({ "type": "object" }));
        let told = output(&schema(&deep, 99));
        assert_eq!(told["properties"]["root"], json!({ "type": "array", "items": { "type": "object" } }));
        // The root's own members are told whatever there are.
        let root: Map<String, Value> = (0..99).map(|n| (format!("member_{n}"), deep.clone())).collect();
        let told = output(&object(json!({ "type": "object", "properties": root })));
        assert_eq!(told["properties"]["member_98"], json!({ "type": "object" }));
    }

    #[test]
    fn what_a_tool_may_answer_is_allowed_by_what_is_told_of_it() {
        let schema = object(json!({
            "type": "object",
            "$defs": { "p": { "type": "object", "properties": { "x": { "type": "string" } }, "required": ["x"] } },
            "properties": { "p": { "$ref": "#/$defs/p" }, "q": { "type": "array", "items": { "$ref": "#/$defs/p" } } },
        }));
        let told = output(&schema);
        assert_eq!(told["properties"]["p"], json!({ "$ref": "#/$defs/p" }));
        assert_eq!(told["$defs"]["p"], json!({ "type": "object", "properties": { "x": { "type": "string" } } }));
    }
}
