//! Types that make good schemas. Schemas themselves come from `schemars`; here is only what JSON
//! Schema and serde see differently, and what of a doc comment a model reads: all of it up to `#
//! Details`. What stands under that heading is for people. It becomes the schema's `$comment`,
//! which the host keeps for documentation and sends to no client.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema, transform::Transform};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value, json};

/// A tool without arguments.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
pub struct NoArguments {}

/// JSON Schema's `integer`: every number without a fraction, `80` as well as `80.0`; its range is
/// the tool's to check, so that the message can say what is meant.
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

/// The schema of arguments: what can be read as a `T`.
pub(crate) fn of_arguments<T: JsonSchema>() -> String {
    schema::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The schema of an answer: what a `T` is written as.
pub(crate) fn of_answer<T: JsonSchema>() -> String {
    schema::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// The schema of a reply: one object, with members that a person can fill in. Its numbers keep
/// their bounds.
pub(crate) fn of_question<T: JsonSchema>() -> Result<String, String> {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let schema = tidied::<T>(settings, &mut Tidy { keeps_bounds: true });
    if schema.get("type").is_none_or(|kind| kind != "object") {
        return Err("what is asked for has to be a struct".to_owned());
    }
    let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, member) in members {
        let kind = member.get("type").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "string" | "number" | "integer" | "boolean") {
            return Err(format!(
                "`{name}` cannot be asked for: a member is a string, a number, an integer, a boolean, or an enum without data"
            ));
        }
    }
    Ok(schema.to_value().to_string())
}

/// The schema of `T` as clients take it: one object, no references, an optional member simply
/// absent.
fn schema<T: JsonSchema>(settings: SchemaSettings) -> String {
    tidied::<T>(settings, &mut Tidy { keeps_bounds: false }).to_value().to_string()
}

fn tidied<T: JsonSchema>(settings: SchemaSettings, tidy: &mut Tidy) -> Schema {
    let settings = settings.with(|s| {
        s.meta_schema = None;
        s.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    tidy.transform(&mut schema);
    if schema.get("properties").is_none() {
        schema.insert("properties".to_owned(), json!({}));
    }
    // The tool's own description says what its arguments and its answer are.
    for word in ["title", "description", "$comment"] {
        schema.remove(word);
    }
    schema
}

/// The schema of arguments with what people read of the tool.
pub(crate) fn with_details(schema: String, details: Option<&str>) -> String {
    let Some(details) = details else { return schema };
    match serde_json::from_str::<Map<String, Value>>(&schema) {
        Ok(mut members) => {
            members.insert("$comment".to_owned(), details.into());
            Value::Object(members).to_string()
        }
        Err(_) => schema,
    }
}

/// The heading in a doc comment under which people read more than models do.
const DETAILS: &str = "# Details";

/// Lines of a paragraph joined, paragraphs kept apart.
fn joined(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Takes a description apart: what a model reads stays, the rest becomes the `$comment`.
fn split_details(object: &mut Map<String, Value>) {
    let text = |object: &Map<String, Value>, word: &str| object.get(word).and_then(Value::as_str).map(str::to_owned);
    let Some(description) = text(object, "description") else { return };
    // A comment that begins with a heading is a title to `schemars`.
    let (model, people) = match text(object, "title") {
        Some(title) if DETAILS == format!("# {title}") => (String::new(), Some(description)),
        _ => match description.split_once(DETAILS) {
            Some((model, people)) => (model.to_owned(), Some(people.to_owned())),
            None => (description, None),
        },
    };
    for (word, text) in [("description", Some(joined(&model))), ("$comment", people.as_deref().map(joined))] {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => _ = object.insert(word.to_owned(), text.into()),
            None if word == "description" => _ = object.remove(word),
            None => {}
        }
    }
    object.remove("title");
}

/// The values of a `oneOf` that lists constant strings and nothing else.
fn constants(object: &Map<String, Value>) -> Option<Vec<Value>> {
    let variants = object.get("oneOf")?.as_array()?;
    variants.iter().map(|one| one.get("const").filter(|value| value.is_string()).cloned()).collect()
}

/// Takes `null` out of what a value may be.
fn not_null(object: &mut Map<String, Value>) {
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
    if let Some(choices) = object.get_mut("anyOf").and_then(|v| v.as_array_mut()) {
        choices.retain(|choice| choice.get("type").is_none_or(|t| t != "null"));
        if let [Value::Object(only)] = &choices[..] {
            let only = only.clone();
            object.remove("anyOf");
            // What is said of the member says more than what is said of its type, also where it is
            // said to people alone.
            let said = object.contains_key("$comment");
            let taken = only.into_iter().filter(|(key, _)| !said || key != "description");
            taken.for_each(|(key, value)| _ = object.entry(key).or_insert(value));
        }
    }
}

/// Takes out what `schemars` adds for Rust's sake: `null` for an `Option`, number formats, and
/// their bounds.
struct Tidy {
    keeps_bounds: bool,
}

impl Transform for Tidy {
    fn transform(&mut self, schema: &mut Schema) {
        schemars::transform::transform_subschemas(self, schema);
        if let Some(object) = schema.as_object_mut() {
            split_details(object);
            // A member that is always there may be `null`; one that may be absent is, instead.
            let required = object.get("required").and_then(|r| r.as_array()).cloned().unwrap_or_default();
            if let Some(members) = object.get_mut("properties").and_then(|p| p.as_object_mut()) {
                let optional = members.iter_mut().filter(|(name, _)| !required.contains(&json!(name)));
                optional.filter_map(|(_, member)| member.as_object_mut()).for_each(not_null);
            }
            // Documented variants come as one constant each: clients and models know `enum` better.
            if let Some(constants) = constants(object) {
                object.remove("oneOf");
                object.insert("type".to_owned(), "string".into());
                object.insert("enum".to_owned(), constants.into());
            }
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            if let Some(format) = object.get("format").and_then(|f| f.as_str())
                && (format.starts_with("uint") || format.starts_with("int") || matches!(format, "float" | "double"))
            {
                object.remove("format");
                if !self.keeps_bounds {
                    object.remove("minimum");
                    object.remove("maximum");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Told {
        always: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        perhaps: Option<u32>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        list: Vec<Option<u32>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        part: Option<Part>,
    }

    /// A part.
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Part {
        #[serde(default)]
        flag: bool,
    }

    /// The arguments of a tool.
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Described {
        /// What a model
        /// reads
        ///
        /// # Details
        /// What people read
        /// as well.
        both: u32,
        /// # Details
        /// What people read.
        people: Option<Part>,
        neither: Option<u32>,
    }

    #[test]
    fn a_model_reads_a_comment_up_to_its_details() {
        let schema = of_arguments::<Described>();
        let members = &read(&schema)["properties"];
        assert_eq!(members["both"]["description"], "What a model reads");
        assert_eq!(members["both"]["$comment"], "What people read as well.");
        let people = &members["people"];
        assert_eq!((people.get("description"), people.get("title")), (None, None));
        assert_eq!((&people["$comment"], &people["type"]), (&json!("What people read."), &json!("object")));
        assert_eq!(members["neither"], json!({ "type": "integer" }));
        let root = read(&schema);
        assert_eq!((root.get("description"), root.get("$comment")), (None, None));
        assert_eq!(read(&with_details(schema, Some("More.")))["$comment"], "More.");
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Asked {
        must: u32,
        may: Option<u32>,
        part: Option<Part>,
    }

    fn read(schema: &str) -> Value {
        serde_json::from_str(schema).unwrap_or_default()
    }

    #[test]
    fn what_may_be_left_out_of_an_answer_is_not_required() {
        let schema = read(&of_answer::<Told>());
        assert_eq!(schema["required"], json!(["always"]));
        let members = &schema["properties"];
        assert_eq!(members["always"]["type"], json!(["integer", "null"]));
        assert_eq!(members["perhaps"]["type"], "integer");
        assert_eq!(members["list"]["items"]["type"], json!(["integer", "null"]));
        assert_eq!((&members["part"]["type"], &members["part"]["required"]), (&json!("object"), &json!(["flag"])));
    }

    #[test]
    fn what_may_be_left_out_of_arguments_is_not_required_and_not_null() {
        let schema = read(&of_arguments::<Asked>());
        assert_eq!(schema["required"], json!(["must"]));
        let members = &schema["properties"];
        assert_eq!(members["may"]["type"], "integer");
        assert_eq!((&members["part"]["type"], &members["part"].get("required")), (&json!("object"), &None));
    }
}
