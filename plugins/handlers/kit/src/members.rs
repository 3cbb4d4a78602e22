//! Members of a message that a model has written.

use serde_json::{Map, Value};

use crate::Failure;

/// The members of a message, none of which is unknown.
///
/// # Errors
/// The message is no object, or has a member that is none of these. The failure names it.
pub fn members<'a>(message: &'a Value, known: &[&str]) -> Result<&'a Map<String, Value>, Failure> {
    let Value::Object(members) = message else {
        return Err(Failure::new(format!("a message is a JSON object with the members {}", listed(known))));
    };
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(Failure::of(unknown, format!("there is no such member, only {}", listed(known)))),
        None => Ok(members),
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_member_is_named() {
        let message = json!({ "command": 1, "parms": 2 });
        let failure = members(&message, &["command", "params"]).unwrap_err();
        assert_eq!(failure.to_string(), "`parms`: there is no such member, only `command`, `params`");
        assert!(members(&json!([]), &["command"]).unwrap_err().member.is_none());
        assert_eq!(members(&message, &["command", "parms"]).unwrap().len(), 2);
    }
}
