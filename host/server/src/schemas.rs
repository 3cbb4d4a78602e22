//! What clients get of a tool's schemas. A schema also serves the check of arguments before any guest runs, which takes every
//! word of JSON Schema; clients hand it on to a model's API, and some of them fail as a whole on a word that they do not
//! know. What is taken out here was seen to fail with a real client; the table is in `tests/README.md`.

use serde_json::{Map, Value};

/// Words under which members are named by the tool, not by JSON Schema.
const NAMED: [&str; 5] = ["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"];

/// Of the arguments' schema.
pub(crate) fn input(schema: &Map<String, Value>) -> Map<String, Value> {
    members(schema, false)
}

/// Of the structured answer's schema. Nothing is required at its root: a client that takes a failure's JSON text for
/// structured content (Gemini CLI) checks it against this schema, and would show its mistake instead of the failure.
pub(crate) fn output(schema: &Map<String, Value>) -> Map<String, Value> {
    let mut schema = members(schema, false);
    schema.remove("required");
    schema
}

/// Without `additionalProperties: true` or `false` (google-genai reads a schema there, and refuses all tools), and without
/// `minLength: 0`, which tells our own check that an empty text means something.
fn members(schema: &Map<String, Value>, named: bool) -> Map<String, Value> {
    let goes = |key: &str, value: &Value| match key {
        "additionalProperties" => value.is_boolean(),
        "minLength" => value == &Value::from(0),
        _ => false,
    };
    let kept = schema.iter().filter(|(key, value)| named || !goes(key, value));
    kept.map(|(key, value)| (key.clone(), part(value, !named && NAMED.contains(&key.as_str())))).collect()
}

fn part(value: &Value, named: bool) -> Value {
    match value {
        Value::Object(object) => Value::Object(members(object, named)),
        Value::Array(values) => values.iter().map(|value| part(value, false)).collect(),
        other => other.clone(),
    }
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
        assert_eq!(input(&schema), object(expected.clone()));
        let mut expected = object(expected);
        expected.remove("required");
        assert_eq!(output(&schema), expected);
    }
}
