//! A settings' schema as JSON, written when the plugin is compiled.

use super::schema::{Node, Object};

/// How long an object's schema is.
pub const fn length(object: &Object) -> usize {
    let mut json = Json::<0>::new();
    json.object(object);
    json.length
}

/// An object's schema, which is so long.
pub const fn json<const LENGTH: usize>(object: &Object) -> [u8; LENGTH] {
    let mut json = Json::<LENGTH>::new();
    json.object(object);
    json.bytes
}

/// JSON that is written, as much of it as there is room for.
struct Json<const ROOM: usize> {
    bytes: [u8; ROOM],
    length: usize,
}

impl<const ROOM: usize> Json<ROOM> {
    const fn new() -> Self {
        Self { bytes: [0; ROOM], length: 0 }
    }

    const fn byte(&mut self, byte: u8) {
        if self.length < ROOM {
            self.bytes[self.length] = byte;
        }
        self.length += 1;
    }

    const fn raw(&mut self, text: &str) {
        let mut at = 0;
        while at < text.len() {
            self.byte(text.as_bytes()[at]);
            at += 1;
        }
    }

    /// A string with what JSON escapes.
    const fn text(&mut self, text: &str) {
        self.byte(b'"');
        let mut at = 0;
        while at < text.len() {
            let byte = text.as_bytes()[at];
            match byte {
                b'"' | b'\\' => {
                    self.byte(b'\\');
                    self.byte(byte);
                }
                0..0x20 => {
                    self.raw("\\u00");
                    self.byte(b'0' + (byte >> 4));
                    self.byte(b"0123456789abcdef"[(byte & 15) as usize]);
                }
                _ => self.byte(byte),
            }
            at += 1;
        }
        self.byte(b'"');
    }

    const fn integer(&mut self, value: i128) {
        if value < 0 {
            self.byte(b'-');
        }
        let value = value.unsigned_abs();
        let mut unit = 1;
        while value / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            self.byte(b'0' + (value / unit % 10) as u8);
            unit /= 10;
        }
    }

    /// A list of texts, separated by commas, behind its name.
    const fn texts(&mut self, name: &str, texts: &[&str]) {
        self.raw(name);
        let mut at = 0;
        while at < texts.len() {
            if at > 0 {
                self.byte(b',');
            }
            self.text(texts[at]);
            at += 1;
        }
        self.byte(b']');
    }

    /// What a node can be: members of a schema, without its braces.
    const fn node(&mut self, node: &Node) {
        match *node {
            Node::Text => self.raw("\"type\":\"string\""),
            Node::Bool => self.raw("\"type\":\"boolean\""),
            Node::Number => self.raw("\"type\":\"number\""),
            Node::Any => {}
            Node::Integer(least, most) => {
                self.raw("\"type\":\"integer\"");
                if let Some(least) = least {
                    self.raw(",\"minimum\":");
                    self.integer(least);
                }
                if let Some(most) = most {
                    self.raw(",\"maximum\":");
                    self.integer(most);
                }
            }
            Node::List(of) => {
                self.raw("\"type\":\"array\",\"items\":{");
                self.node(of);
                self.byte(b'}');
            }
            Node::Map(of) => {
                self.raw("\"type\":\"object\",\"additionalProperties\":{");
                self.node(of);
                self.byte(b'}');
            }
            Node::Choice(values) => self.texts("\"type\":\"string\",\"enum\":[", values),
            Node::Object(object) => self.members(object),
        }
    }

    const fn object(&mut self, object: &Object) {
        self.byte(b'{');
        self.members(object);
        self.byte(b'}');
    }

    const fn members(&mut self, object: &Object) {
        self.raw("\"type\":\"object\",\"properties\":{");
        let (mut at, mut required) = (0, 0);
        while at < object.members.len() {
            let member = &object.members[at];
            if at > 0 {
                self.byte(b',');
            }
            self.text(member.name);
            self.raw(":{");
            self.node(&member.node);
            if !member.description.is_empty() {
                if !matches!(member.node, Node::Any) {
                    self.byte(b',');
                }
                self.raw("\"description\":");
                self.text(member.description);
            }
            self.byte(b'}');
            if member.required {
                required += 1;
            }
            at += 1;
        }
        self.byte(b'}');
        if required > 0 {
            self.required(object);
        }
        if object.closed {
            self.raw(",\"additionalProperties\":false");
        }
    }

    const fn required(&mut self, object: &Object) {
        self.raw(",\"required\":[");
        let (mut at, mut first) = (0, true);
        while at < object.members.len() {
            let member = &object.members[at];
            if member.required {
                if !first {
                    self.byte(b',');
                }
                self.text(member.name);
                first = false;
            }
            at += 1;
        }
        self.byte(b']');
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::settings::schema::{Member, Settings};

    /// The schema of a type's settings, as the component would have it.
    macro_rules! schema {
        ($type:ty) => {{
            const BYTES: [u8; length(&<$type as Settings>::OBJECT)] = json(&<$type as Settings>::OBJECT);
            serde_json::from_slice::<Value>(&BYTES).unwrap()
        }};
    }

    #[derive(Debug, PartialEq, Deserialize, crate::Settings)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    #[allow(dead_code, reason = "only its schema is wanted")]
    struct Whole {
        /// The language,
        /// as in "en" \ „ä“
        ///
        /// # Details
        /// For people.
        language: String,
        #[serde(rename = "port")]
        the_port: u16,
        small: i8,
        big_number: Option<u64>,
        any_number: Option<i64>,
        #[serde(default)]
        share: f64,
        #[serde(default = "yes")]
        is_on: bool,
        level: Level,
        servers: Vec<Server>,
        by_name: Option<BTreeMap<String, Option<Server>>>,
        anything: Option<Value>,
        /// What it is
        described: Option<Value>,
        #[serde(skip)]
        own: u32,
        r#type: Option<Wrapped>,
    }

    fn yes() -> bool {
        true
    }

    #[derive(Debug, PartialEq, Deserialize, crate::Settings)]
    struct Wrapped(String);

    #[derive(Debug, PartialEq, Deserialize, crate::Settings)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    #[allow(dead_code, reason = "only its schema is wanted")]
    enum Level {
        VeryLow,
        #[serde(rename = "high")]
        High,
    }

    #[derive(Debug, Default, PartialEq, Deserialize, crate::Settings)]
    #[serde(default, rename_all = "camelCase")]
    struct Server {
        host_name: String,
    }

    #[test]
    fn a_type_says_what_it_is_read_from() {
        let server = json!({ "type": "object", "properties": { "hostName": { "type": "string" } } });
        let expected = json!({
            "type": "object",
            "properties": {
                "language": { "type": "string", "description": "The language, as in \"en\" \\ „ä“" },
                "port": { "type": "integer", "minimum": 0, "maximum": 65535 },
                "small": { "type": "integer", "minimum": -128, "maximum": 127 },
                "big-number": { "type": "integer", "minimum": 0 },
                "any-number": { "type": "integer" },
                "share": { "type": "number" },
                "is-on": { "type": "boolean" },
                "level": { "type": "string", "enum": ["VERY_LOW", "high"] },
                "servers": { "type": "array", "items": server },
                "by-name": { "type": "object", "additionalProperties": server },
                "anything": {},
                "described": { "description": "What it is" },
                "type": { "type": "string" },
            },
            "required": ["language", "port", "small", "level", "servers"],
            "additionalProperties": false,
        });
        assert_eq!(schema!(Whole), expected);
    }

    #[test]
    fn what_the_schema_requires_is_what_serde_requires() {
        let smallest = json!({ "language": "en", "port": 1, "small": 1, "level": "VERY_LOW", "servers": [{}] });
        let read: Whole = serde_json::from_value(smallest.clone()).unwrap();
        assert!(read.is_on && read.level == Level::VeryLow && read.servers == [Server::default()]);
        for name in ["language", "port", "small", "level", "servers"] {
            let mut without = smallest.clone();
            without.as_object_mut().unwrap().remove(name);
            assert!(serde_json::from_value::<Whole>(without).is_err(), "{name}");
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        const OBJECT: Object = Object {
            members: &[Member { name: "a\n\u{1f}\"", description: "", required: true, node: Node::Text }],
            closed: false,
        };
        const BYTES: [u8; length(&OBJECT)] = json(&OBJECT);
        let expected =
            r#"{"type":"object","properties":{"a\u000a\u001f\"":{"type":"string"}},"required":["a\u000a\u001f\""]}"#;
        assert_eq!(std::str::from_utf8(&BYTES).unwrap(), expected);
    }

    #[test]
    fn integers_are_written_whole() {
        let written = |value: i128| {
            let mut json = Json::<64>::new();
            json.integer(value);
            String::from_utf8(json.bytes[..json.length].to_vec()).unwrap()
        };
        for value in [0, 7, 10, -1, 65535, i128::from(i64::MIN), i128::from(u64::MAX)] {
            assert_eq!(written(value), value.to_string());
        }
    }
}
