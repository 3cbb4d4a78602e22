//! JSON objects in arguments and answers that the plugin hands on as they are: a handler's
//! messages, configurations and schemas.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// An object, as it was written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Object(Box<RawValue>);

impl Object {
    /// An object that the host has given. It gives no other text.
    pub fn given(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        RawValue::from_string(text).or_else(|_| to_raw_value(&serde_json::json!({}))).ok().map(Self)
    }

    /// Its JSON.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl JsonSchema for Object {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Object".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}
