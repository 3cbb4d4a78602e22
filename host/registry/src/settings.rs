//! A plugin's settings: what the operator has written for it, checked against the schema that its
//! component carries, before anything of it runs.

use cofferdam_policy::Manifest;
use serde_json::{Map, Value};

/// The longest schema of settings, in bytes: as long as a manifest.
const SETTINGS_SCHEMA: usize = 64 << 10;

/// The JSON Schema of a component's settings: of its manifest, or of a section of its own.
pub fn schema(own: Option<String>, manifest: &Manifest) -> Result<Option<Value>, String> {
    match (own, &manifest.settings_schema) {
        (None, schema) => Ok(schema.clone()),
        (Some(_), Some(_)) => Err("it carries two schemas of its settings: one in its manifest".to_owned()),
        (Some(text), None) if text.len() > SETTINGS_SCHEMA => {
            Err(format!("the schema of its settings is longer than {SETTINGS_SCHEMA} bytes"))
        }
        (Some(text), None) => match serde_json::from_str(&text) {
            Ok(schema @ Value::Object(_)) => Ok(Some(schema)),
            _ => Err("the schema of its settings is not a JSON object".to_owned()),
        },
    }
}

/// A component's settings as JSON: what the policy has written, or nothing.
pub fn checked(plugin: &str, written: Option<&Value>, schema: Option<&Value>) -> Result<String, String> {
    let Some(schema) = schema else {
        return match written {
            Some(_) => Err("the policy has `settings` for it, and it takes none".to_owned()),
            None => Ok("{}".to_owned()),
        };
    };
    let validator = jsonschema::options()
        .build(schema)
        .map_err(|error| format!("its settings schema is not valid: {}", error.masked()))?;
    let settings = written.cloned().unwrap_or_else(|| Value::Object(Map::new()));
    match validator.validate(&settings) {
        Ok(()) => Ok(settings.to_string()),
        Err(error) => {
            let path = error.instance_path().to_string();
            let place = match written {
                Some(_) => String::new(),
                None => format!(" (write `[plugins.{plugin}.settings]`)"),
            };
            Err(format!("`settings{}`: {}{place}", path.replace('/', "."), error.masked()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_those_that_the_component_takes() {
        let schema = json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"] });
        assert_eq!(checked("p", Some(&json!({ "a": 1 })), Some(&schema)), Ok("{\"a\":1}".to_owned()));
        assert_eq!(checked("p", None, None), Ok("{}".to_owned()));
        let wrong = checked("p", Some(&json!({ "a": "x" })), Some(&schema)).unwrap_err();
        assert!(wrong.starts_with("`settings.a`: "), "{wrong}");
        let none = checked("p", Some(&json!({})), None).unwrap_err();
        assert_eq!(none, "the policy has `settings` for it, and it takes none");
    }

    #[test]
    fn a_required_setting_is_required_where_the_policy_has_none() {
        let schema = json!({ "type": "object", "required": ["a"] });
        let missing = checked("p", None, Some(&schema)).unwrap_err();
        assert!(missing.contains("\"a\" is a required property (write `[plugins.p.settings]`)"), "{missing}");
    }
}
