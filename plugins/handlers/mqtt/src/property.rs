//! Properties of MQTT 5 (§2.2.2) as members of a JSON object. They are read wherever they come:
//! servers send them unasked.

use handler_kit::{Failure, Map, Value, bytes_of, json, shown};

use crate::wire::{Missing, Reader, put_binary, put_variable};

/// How a property is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// An integer of so many bytes.
    Integer(usize),
    Variable,
    Text,
    Binary,
    Pair,
}

/// Number, name and form.
const PROPERTIES: [(u8, &str, Form); 27] = [
    (0x01, "payload_format", Form::Integer(1)),
    (0x02, "message_expiry", Form::Integer(4)),
    (0x03, "content_type", Form::Text),
    (0x08, "response_topic", Form::Text),
    (0x09, "correlation_data", Form::Binary),
    (0x0b, "subscription_identifier", Form::Variable),
    (0x11, "session_expiry", Form::Integer(4)),
    (0x12, "assigned_client_id", Form::Text),
    (0x13, "server_keep_alive", Form::Integer(2)),
    (0x15, "authentication_method", Form::Text),
    (0x16, "authentication_data", Form::Binary),
    (0x17, "request_problem_information", Form::Integer(1)),
    (0x18, "will_delay", Form::Integer(4)),
    (0x19, "request_response_information", Form::Integer(1)),
    (0x1a, "response_information", Form::Text),
    (0x1c, "server_reference", Form::Text),
    (0x1f, "reason_string", Form::Text),
    (0x21, "receive_maximum", Form::Integer(2)),
    (0x22, "topic_alias_maximum", Form::Integer(2)),
    (0x23, "topic_alias", Form::Integer(2)),
    (0x24, "maximum_qos", Form::Integer(1)),
    (0x25, "retain_available", Form::Integer(1)),
    (0x26, "user_properties", Form::Pair),
    (0x27, "maximum_packet_size", Form::Integer(4)),
    (0x28, "wildcard_subscription_available", Form::Integer(1)),
    (0x29, "subscription_identifiers_available", Form::Integer(1)),
    (0x2a, "shared_subscription_available", Form::Integer(1)),
];

/// Reads the properties that stand next, with their length.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Map<String, Value>, Missing> {
    let length = reader.variable("the length of the properties")?;
    let mut part = Reader(reader.bytes(length as usize, "a list of properties")?);
    let mut all = Map::new();
    while !part.is_empty() {
        let number = part.byte("a property")?;
        let (_, name, form) = PROPERTIES
            .iter()
            .find(|(known, ..)| *known == number)
            .ok_or_else(|| format!("the property 0x{number:02x} is not known"))?;
        let value = match form {
            Form::Integer(length) => part.integer(*length, name)?.into(),
            Form::Variable => part.variable(name)?.into(),
            Form::Text => part.text(name)?.into(),
            Form::Binary => shown(part.binary(name)?),
            Form::Pair => json!([part.text(name)?, part.text(name)?]),
        };
        match (form, all.get_mut(*name)) {
            (Form::Pair, Some(Value::Array(pairs))) => pairs.push(value),
            (Form::Pair, _) => drop(all.insert((*name).into(), json!([value]))),
            // A message may match several subscriptions; other properties come once.
            (Form::Variable, Some(Value::Array(several))) => several.push(value),
            (Form::Variable, Some(first)) => *first = json!([first.clone(), value]),
            (_, Some(_)) => return Err(format!("{name} stands twice")),
            (_, None) => drop(all.insert((*name).into(), value)),
        }
    }
    Ok(all)
}

/// Puts properties with their length.
pub(crate) fn put(bytes: &mut Vec<u8>, properties: Option<&Value>) -> Result<(), Failure> {
    let empty = Map::new();
    let properties = match properties {
        None => &empty,
        Some(Value::Object(properties)) => properties,
        Some(_) => return Err(Failure::of("properties", "it is an object of names and values")),
    };
    let mut part = Vec::new();
    for (name, value) in properties {
        let member = format!("properties.{name}");
        let (number, _, form) = PROPERTIES
            .iter()
            .find(|(_, known, _)| known == name)
            .ok_or_else(|| Failure::of(&member, "MQTT 5 has no such property"))?;
        let values = match (form, value) {
            (Form::Pair | Form::Variable, Value::Array(values)) => values.iter().collect(),
            (Form::Pair, _) => return Err(Failure::of(member, "it is a list of pairs: [[\"name\", \"value\"]]")),
            (_, value) => vec![value],
        };
        for value in values {
            part.push(*number);
            put_value(&mut part, *form, value, &member)?;
        }
    }
    put_variable(bytes, part.len());
    bytes.extend(part);
    Ok(())
}

fn put_value(part: &mut Vec<u8>, form: Form, value: &Value, member: &str) -> Result<(), Failure> {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| Failure::of(member, "it is a string"));
    match form {
        Form::Integer(length) => {
            let most = (1_u64 << (8 * length)) - 1;
            let number = value.as_u64().or_else(|| value.as_bool().map(u64::from)).filter(|number| *number <= most);
            let number = number.ok_or_else(|| Failure::of(member, format!("it is an integer from 0 to {most}")))?;
            part.extend(number.to_be_bytes().iter().skip(8 - length));
        }
        Form::Variable => {
            let number = value.as_u64().filter(|number| (1..=crate::wire::LARGEST as u64).contains(number));
            let number = number.and_then(|number| usize::try_from(number).ok());
            put_variable(part, number.ok_or_else(|| Failure::of(member, "it is an integer from 1 to 268435455"))?);
        }
        Form::Text => put_binary(part, text(value)?.as_bytes(), member)?,
        Form::Binary => put_binary(part, &bytes_of(value, member)?, member)?,
        Form::Pair => {
            let pair = value.as_array().filter(|pair| pair.len() == 2);
            for value in pair.ok_or_else(|| Failure::of(member, "it is a list of pairs: [[\"name\", \"value\"]]"))? {
                put_binary(part, text(value)?.as_bytes(), member)?;
            }
        }
    }
    Ok(())
}

/// The schema of properties.
pub(crate) fn schema() -> Value {
    let members: Map<String, Value> = PROPERTIES
        .iter()
        .map(|(_, name, form)| {
            let schema = match form {
                Form::Integer(_) => json!({ "type": "integer", "minimum": 0 }),
                Form::Variable => {
                    json!({ "anyOf": [{ "type": "integer" }, { "type": "array", "items": { "type": "integer" } }] })
                }
                Form::Text => json!({ "type": "string" }),
                Form::Binary => json!({}),
                Form::Pair => json!({ "type": "array", "items": { "type": "array", "items": { "type": "string" } } }),
            };
            ((*name).to_owned(), schema)
        })
        .collect();
    json!({ "type": "object", "description": "of MQTT 5", "properties": members, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_goes_and_comes() {
        let properties: Map<String, Value> = PROPERTIES
            .iter()
            .map(|(number, name, form)| {
                let value = match form {
                    Form::Integer(_) | Form::Variable => json!(number),
                    Form::Text => json!("text"),
                    Form::Binary => json!({ "base64": "/w==" }),
                    Form::Pair => json!([["a", "b"], ["a", "c"]]),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        let mut bytes = Vec::new();
        put(&mut bytes, Some(&json!(properties))).unwrap();
        assert_eq!(read(&mut Reader(&bytes)).unwrap(), properties);
        for end in 0..bytes.len() {
            assert!(read(&mut Reader(&bytes[..end])).is_err());
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for (properties, member) in [
            (json!({ "colour": 1 }), "properties.colour"),
            (json!({ "topic_alias": 65536 }), "properties.topic_alias"),
            (json!({ "content_type": 1 }), "properties.content_type"),
            (json!({ "user_properties": { "a": "b" } }), "properties.user_properties"),
            (json!({ "user_properties": [["a"]] }), "properties.user_properties"),
            (json!({ "subscription_identifier": 0 }), "properties.subscription_identifier"),
            (json!([]), "properties"),
        ] {
            let failure = put(&mut Vec::new(), Some(&properties)).unwrap_err();
            assert_eq!(failure.member.as_deref(), Some(member));
        }
        for (bytes, reason) in [
            (&[2, 0x7f, 0][..], "the property 0x7f is not known"),
            (&[4, 0x24, 0, 0x24, 1], "maximum_qos stands twice"),
            (&[4, 0x03, 0, 1, 0xff], "content_type is not UTF-8"),
            (&[3, 0x03, 0, 1], "content_type is cut off"),
            (&[0xff, 0xff, 0xff, 0xff], "the length of the properties has more than four bytes"),
        ] {
            assert_eq!(read(&mut Reader(bytes)).unwrap_err(), reason);
        }
    }
}
