//! Says which argument of a tool call cannot be represented. JSON allows escapes of lone
//! surrogates, numbers beyond any float and endless nesting. No string, number or value of ours can
//! hold them. The model that sent them should learn which argument to correct.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, value::RawValue};

use crate::json;

/// An argument that cannot be represented. It travels with the request to the handler, which
/// answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Finds the first argument that cannot be read. `error` is the error of reading all of them.
pub(crate) fn find(arguments: &RawValue, error: &serde_json::Error) -> Unreadable {
    let Ok(Members(members)) = serde_json::from_str::<Members<'_>>(arguments.get()) else {
        return Unreadable(format!("the name of an argument {}", explain(error)));
    };
    members
        .iter()
        .find_map(|(name, value)| {
            let error = serde_json::from_str::<Value>(value.get()).err()?;
            Some(Unreadable(format!("`{name}` {}", explain(&error))))
        })
        .unwrap_or_else(|| Unreadable(format!("an argument {}", explain(error))))
}

fn explain(error: &serde_json::Error) -> String {
    let reason = json::reason(error);
    if reason.contains("surrogate") || reason.contains("hex escape") {
        "holds a lone surrogate (`\\ud800` to `\\udfff` without its other half), which is not text; \
         send bytes in an encoding such as hex"
            .to_owned()
    } else if reason.contains("out of range") {
        "holds a number out of range".to_owned()
    } else if reason.contains("recursion limit") {
        "is nested too deeply".to_owned()
    } else {
        format!("cannot be read: {reason}")
    }
}

/// The members of an object, in order, their values unread.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(arguments: &str) -> String {
        let raw: &RawValue = serde_json::from_str(arguments).unwrap_or(RawValue::NULL);
        let error = serde_json::from_str::<Value>(arguments).err();
        error.map(|error| find(raw, &error).to_string()).unwrap_or_default()
    }

    #[test]
    fn the_argument_is_named() {
        assert!(found(r#"{"a":"ok","data":"\ud800"}"#).starts_with("`data` holds a lone surrogate"));
        assert!(found(r#"{"data":"\udc00x"}"#).starts_with("`data` holds a lone surrogate"));
        assert!(found(r#"{"data":"\ud800\ud800"}"#).starts_with("`data` holds a lone surrogate"));
        assert!(found(r#"{"a":{"b":["\ud83d"]}}"#).starts_with("`a` holds a lone surrogate"));
        assert!(found(r#"{"\ud800":1}"#).starts_with("the name of an argument holds a lone surrogate"));
        assert_eq!(found(r#"{"port":1e999}"#), "`port` holds a number out of range");
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(500), "]".repeat(500));
        assert_eq!(found(&deep), "`x` is nested too deeply");
    }
}
