//! Arguments against a tool's schema, before any guest runs. What is wrong is said by argument; what the caller sent is not
//! repeated, it may be long or secret.

use std::sync::OnceLock;

use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value};

use crate::schema::{self, Size};

/// Mistakes that one answer names at most, and the most values of arguments among which more than the first is looked for:
/// each mistake takes memory before it is named.
const MISTAKES: usize = 8;
const VALUES: u64 = 10_000;

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

    /// Checks arguments, dropping a `null` that stands for "not given": models send it for what is optional.
    ///
    /// # Errors
    /// What is wrong, each mistake with its argument's name.
    pub fn check(&self, mut arguments: Map<String, Value>) -> Result<Map<String, Value>, String> {
        arguments.retain(|name, value| !(value.is_null() && self.is_optional(name)));
        let (size, validator) = self.made()?;
        let values = size.cost(&arguments)?.values;
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
    pub fn is_dear(&self, arguments: &Map<String, Value>) -> bool {
        self.made().is_ok_and(|(size, _)| size.cost(arguments).is_ok_and(|cost| cost.is_dear))
    }

    fn made(&self) -> Result<&(Size, Validator), String> {
        let made = self.check.get_or_init(|| {
            let size = self.schema.as_object().map_or_else(|| Ok(Size::default()), Size::of);
            let made = size.and_then(|size| Ok((size, schema::validator(&self.schema)?)));
            made.map_err(|what| format!("the tool's own schema is not valid: {what}"))
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn is_optional(&self, name: &str) -> bool {
        let Some(property) = self.schema.pointer("/properties").and_then(|properties| properties.get(name)) else {
            return false;
        };
        let required = self.schema.get("required").and_then(Value::as_array);
        let takes_null = match property.get("type") {
            Some(Value::String(only)) => only == "null",
            Some(Value::Array(types)) => types.iter().any(|one| one == "null"),
            _ => true,
        };
        !takes_null && !required.is_some_and(|names| names.iter().any(|one| one == name))
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
mod tests {
    use serde_json::json;

    use super::*;

    fn check(arguments: Value) -> Result<Map<String, Value>, String> {
        let schema = json!({
            "type": "object",
            "properties": {
                "host": { "type": "string" }, "port": { "type": "integer" }, "id": { "type": "string" },
                "encoding": { "type": "string", "enum": ["utf-8", "hex"] },
            },
            "required": ["host", "port"],
        });
        let (Value::Object(schema), Value::Object(arguments)) = (schema, arguments) else { panic!() };
        Arguments::new(schema).check(arguments)
    }

    #[test]
    fn each_mistake_names_its_argument_and_not_its_value() {
        let text = check(json!({ "port": "80", "id": 7, "encoding": "utf-16-secret" })).unwrap_err();
        for part in [
            "`host` is required",
            "`port` is not of type \"integer\"",
            "`id` is not of type",
            "`encoding` is not one of",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn null_stands_for_not_given_where_that_is_allowed() {
        assert_eq!(check(json!({ "host": "h", "port": 1, "id": null })).unwrap().len(), 2);
        assert!(check(json!({ "host": null, "port": 1 })).unwrap_err().contains("`host`"));
    }

    #[test]
    fn further_arguments_are_left_alone() {
        assert_eq!(check(json!({ "host": "h", "port": 1.0, "x": null })).unwrap().len(), 3);
    }
}
