//! Types that make good schemas. Schemas themselves come from `schemars`; here is only what JSON Schema and
//! serde see differently.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema, transform::Transform};
use serde::{Deserialize, Deserializer, Serialize, de};

/// A tool without arguments.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
pub struct NoArguments {}

/// JSON Schema's `integer`: every number without a fraction, `80` as well as `80.0`; its range is the tool's to check,
/// so that the message can say what is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Integer(pub i64);

impl JsonSchema for Integer {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Integer".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer" })
    }
}

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Integer;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an integer")
            }
            fn visit_i64<E>(self, value: i64) -> Result<Integer, E> {
                Ok(Integer(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Integer, E> {
                // What is beyond every range that a tool could mean stays beyond it.
                Ok(Integer(i64::try_from(value).unwrap_or(i64::MAX)))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Integer, E> {
                if value.fract() == 0.0 {
                    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which keeps it out of range")]
                    Ok(Integer(value as i64))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(value), &self))
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The schema of `T` as clients take it: one object, no references, an optional member simply absent.
pub(crate) fn schema<T: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.meta_schema = None;
        s.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    Tidy.transform(&mut schema);
    if schema.get("properties").is_none() {
        schema.insert("properties".to_owned(), serde_json::json!({}));
    }
    schema.remove("title");
    schema.to_value().to_string()
}

/// The values of a `oneOf` that lists constant strings and nothing else.
fn constants(object: &serde_json::Map<String, serde_json::Value>) -> Option<Vec<serde_json::Value>> {
    let variants = object.get("oneOf")?.as_array()?;
    variants.iter().map(|one| one.get("const").filter(|value| value.is_string()).cloned()).collect()
}

/// Takes out what `schemars` adds for Rust's sake: `null` for an `Option`, number formats, and their bounds.
struct Tidy;

impl Transform for Tidy {
    fn transform(&mut self, schema: &mut Schema) {
        schemars::transform::transform_subschemas(self, schema);
        if let Some(object) = schema.as_object_mut() {
            if let Some(types) = object.get_mut("type").and_then(|t| t.as_array_mut()) {
                types.retain(|t| t != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(values) = object.get_mut("enum").and_then(|v| v.as_array_mut()) {
                values.retain(|v| !v.is_null());
            }
            // Documented variants come as one constant each: clients and models know `enum` better.
            if let Some(constants) = constants(object) {
                object.remove("oneOf");
                object.insert("type".to_owned(), "string".into());
                object.insert("enum".to_owned(), constants.into());
            }
            if object.get("default").is_some_and(serde_json::Value::is_null) {
                object.remove("default");
            }
            if let Some(format) = object.get("format").and_then(|f| f.as_str())
                && (format.starts_with("uint") || format.starts_with("int") || matches!(format, "float" | "double"))
            {
                object.remove("format");
                object.remove("minimum");
                object.remove("maximum");
            }
        }
    }
}
