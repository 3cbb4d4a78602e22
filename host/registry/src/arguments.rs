//! Arguments against a tool's schema, before any guest runs. What is wrong is said by argument;
//! values that the caller sent are not repeated, they may be long or secret.
//!
//! Clients make models fill in every argument (`strict` mode) and models guess names, so two things
//! are settled first, at every depth: what stands for an argument that is not given is taken out,
//! and what the schema does not name is refused with the name that it is most like. Where `""`
//! means something, the schema says `minLength: 0`.

use std::sync::OnceLock;

use cofferdam_grants::quoted;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value};

use crate::schema::{self, Size};

/// Mistakes that one answer names at most, and the most values of arguments among which more than
/// the first is looked for: each mistake takes memory before it is named.
const MISTAKES: usize = 8;
const VALUES: u64 = 10_000;

/// The most characters of an unknown argument's name, and the most known names, that an answer
/// repeats.
const NAME: usize = 64;
const NAMES: usize = 24;

/// Words of a schema that let an object have members beside its `properties`, or name further ones.
const OPEN: [&str; 12] = [
    "additionalProperties",
    "patternProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "$ref",
    "$dynamicRef",
];

/// A tool's argument schema, compiled on first use.
#[derive(Debug)]
pub struct Arguments {
    schema: Value,
    check: OnceLock<Result<(Size, Validator), String>>,
}

impl Arguments {
    pub fn new(schema: Map<String, Value>) -> Self {
        Self { schema: Value::Object(schema), check: OnceLock::new() }
    }

    /// Checks arguments, without those that stand for "not given".
    ///
    /// # Errors
    /// What is wrong, each mistake with its argument's name.
    pub fn check(&self, mut arguments: Map<String, Value>) -> Result<Map<String, Value>, String> {
        let (size, validator) = self.made()?;
        let values = size.cost(&arguments)?.values;
        let mut unknown = Unknown::default();
        if let Some(root) = self.schema.as_object() {
            Settle { root, unknown: &mut unknown }.members(root, &mut arguments, &mut Vec::new());
        }
        if !unknown.0.is_empty() {
            return Err(unknown.0.join("; "));
        }
        let value = Value::Object(arguments);
        if values > VALUES {
            validator.validate(&value).map_err(|error| mistake(&error))?;
        } else if !validator.is_valid(&value) {
            let mistakes: Vec<String> = validator.iter_errors(&value).take(MISTAKES).map(|e| mistake(&e)).collect();
            return Err(mistakes.join("; "));
        }
        match value {
            Value::Object(arguments) => Ok(arguments),
            _ => Ok(Map::new()),
        }
    }

    /// Whether a check takes so long that it belongs on a thread of its own.
    pub fn is_expensive(&self, arguments: &Map<String, Value>) -> bool {
        self.made().is_ok_and(|(size, _)| size.cost(arguments).is_ok_and(|cost| cost.is_expensive))
    }

    fn made(&self) -> Result<&(Size, Validator), String> {
        let made = self.check.get_or_init(|| {
            let size = self.schema.as_object().map_or_else(|| Ok(Size::default()), Size::of);
            let made = size.and_then(|size| Ok((size, schema::validator(&self.schema)?)));
            made.map_err(|what| format!("the tool's own schema is not valid: {what}"))
        });
        made.as_ref().map_err(Clone::clone)
    }
}

/// What is wrong with the names of arguments: the first few.
#[derive(Default)]
struct Unknown(Vec<String>);

impl Unknown {
    fn add(&mut self, path: &[String], name: &str, known: &Map<String, Value>) {
        if self.0.len() >= MISTAKES {
            return;
        }
        let shown = quoted(name, NAME);
        let at = path.iter().map(|part| format!("{part}.")).collect::<String>();
        // `timeout` is like `connect_timeout_ms` too.
        let word = name.to_ascii_lowercase();
        let part = |known: &str| f64::from(u8::from(word.len() > 3 && known.contains(&word))) * 0.85;
        let likeness = |known: &&String| strsim::jaro_winkler(known, &word).max(part(known));
        let near = known.keys().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|near| likeness(near) > 0.8);
        let names = || known.keys().take(NAMES).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let hint = match near {
            Some(near) => format!("did you mean `{at}{near}`?"),
            None if known.is_empty() => "there are none".to_owned(),
            None => format!("there are {}{}", names(), if known.len() > NAMES { ", …" } else { "" }),
        };
        self.0.push(format!("there is no argument `{at}{shown}`: {hint}"));
    }
}

/// Goes through arguments beside their schema. Both are finite: the schema was measured, the
/// arguments were parsed.
struct Settle<'a> {
    root: &'a Map<String, Value>,
    unknown: &'a mut Unknown,
}

impl<'a> Settle<'a> {
    fn members(&mut self, schema: &'a Map<String, Value>, members: &mut Map<String, Value>, path: &mut Vec<String>) {
        let Some(known) = schema.get("properties").and_then(Value::as_object) else { return };
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
        let is_open = OPEN.iter().any(|word| schema.get(*word).is_some_and(|value| value != &Value::Bool(false)));
        members.retain(|name, value| {
            let Some(property) = known.get(name) else {
                if !is_open {
                    self.unknown.add(path, name, known);
                }
                return is_open;
            };
            let Some(property) = self.resolved(property) else { return true };
            if !is_required(name) && is_absent(property, value) {
                return false;
            }
            path.push(name.clone());
            self.value(property, value, path);
            path.pop();
            true
        });
    }

    fn value(&mut self, schema: &'a Map<String, Value>, value: &mut Value, path: &mut Vec<String>) {
        match value {
            Value::Object(members) => self.members(schema, members, path),
            Value::Array(values) => {
                let Some(items) = schema.get("items").and_then(|items| self.resolved(items)) else { return };
                for (at, value) in values.iter_mut().enumerate() {
                    path.push(at.to_string());
                    self.value(items, value, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// A schema, or what it refers to.
    fn resolved(&self, schema: &'a Value) -> Option<&'a Map<String, Value>> {
        let mut schema = schema.as_object()?;
        // No chain of references leads back to itself; see `schema::check`.
        while let Some(to) = schema.get("$ref").and_then(Value::as_str) {
            schema = schema::target(self.root, to)?.as_object()?;
        }
        Some(schema)
    }
}

/// Whether a value stands for "not given": `null` where it is not one of the values, an empty text
/// where it means nothing.
fn is_absent(schema: &Map<String, Value>, value: &Value) -> bool {
    let takes = |kind: &str| match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(types)) => types.iter().any(|one| one == kind),
        _ => true,
    };
    match value {
        Value::Null => !takes("null"),
        Value::String(text) if text.is_empty() => {
            let listed = schema.get("enum").and_then(Value::as_array).is_some_and(|values| values.contains(value));
            schema.contains_key("type")
                && takes("string")
                && schema.get("minLength") != Some(&Value::from(0))
                && !listed
        }
        _ => false,
    }
}

fn mistake(error: &ValidationError<'_>) -> String {
    use jsonschema::error::ValidationErrorKind as Kind;
    let path = error.instance_path().to_string();
    let argument = path.trim_start_matches('/').replace('/', ".");
    match error.kind() {
        Kind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            let dot = if argument.is_empty() { "" } else { "." };
            format!("`{argument}{dot}{property}` is required")
        }
        Kind::Enum { options } => format!("`{argument}` is not one of {options}"),
        _ if argument.is_empty() => error.masked_with("the arguments").to_string(),
        _ => error.masked_with(format!("`{argument}`")).to_string(),
    }
}

#[cfg(test)]
#[path = "arguments_tests.rs"]
mod tests;
