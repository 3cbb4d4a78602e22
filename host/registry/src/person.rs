//! Questions of tools to the person behind the client: what may be asked, who answers, and that
//! an answer is what was asked for.

use std::pin::Pin;

use cofferdam_runtime::{Question, Said};
use serde_json::{Map, Value};

use crate::arguments::Arguments;
use crate::schema;

/// How often one call may ask before it ends.
pub const ROUNDS: usize = 8;

/// Whoever answers a tool's questions.
pub trait Person: Send + Sync {
    /// What the person says to each question, in their order.
    fn ask<'a>(&'a self, questions: &'a [Question]) -> Pin<Box<dyn Future<Output = Vec<Said>> + Send + 'a>>;
}

/// Refuses what no client could show as a form.
///
/// # Errors
/// What the contract asks for there.
pub fn check(questions: &[Question]) -> Result<(), &'static str> {
    let is_form = |question: &Question| {
        schema::check(&question.id, "reply", &question.schema).is_ok()
            && question.schema.get("type").is_some_and(|kind| kind == "object")
            && matches!(question.schema.get("properties"), Some(Value::Object(members)) if members.values().all(is_flat))
    };
    match questions.iter().all(is_form) {
        true => Ok(()),
        false => Err("a question whose reply is an object of strings, numbers, booleans and choices"),
    }
}

/// Whether a property's schema takes a single value.
fn is_flat(schema: &Value) -> bool {
    let Value::Object(schema) = schema else { return false };
    let single = ["string", "number", "integer", "boolean"];
    let is_constant = |one: &Value| one.get("const").is_some_and(Value::is_string);
    match (schema.get("type"), schema.get("enum"), schema.get("oneOf")) {
        (Some(Value::String(kind)), _, _) => single.contains(&kind.as_str()),
        (None, Some(Value::Array(values)), _) => values.iter().all(Value::is_string),
        (None, None, Some(Value::Array(choices))) => choices.iter().all(is_constant),
        _ => false,
    }
}

/// What was said, by the questions' ids, where each reply is what its question asks for.
///
/// # Errors
/// What is wrong with a reply.
pub fn replies(questions: &[Question], said: Vec<Said>) -> Result<Vec<(String, Said)>, String> {
    if said.len() != questions.len() {
        return Err(format!("{} replies came to {} questions", said.len(), questions.len()));
    }
    let checked = |(question, said): (&Question, Said)| {
        let said = match said {
            Said::Accepted(reply) => Said::Accepted(matching(question, reply)?),
            other => other,
        };
        Ok((question.id.clone(), said))
    };
    questions.iter().zip(said).map(checked).collect()
}

fn matching(question: &Question, reply: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let wrong = |why: String| format!("the reply to `{}` does not match what was asked: {why}", question.id);
    Arguments::new(question.schema.clone()).check(reply).map_err(wrong)
}

/// Questions for whoever may answer them, as JSON.
pub fn to_json(questions: &[Question]) -> Value {
    let one = |question: &Question| {
        let members = [
            ("id", Value::from(question.id.as_str())),
            ("message", Value::from(question.message.as_str())),
            ("schema", Value::Object(question.schema.clone())),
        ];
        Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    questions.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn question(properties: Value) -> Question {
        let schema = json!({ "type": "object", "properties": properties, "required": ["a"] });
        let Value::Object(schema) = schema else { panic!("an object") };
        Question { id: "q".to_owned(), message: "m".to_owned(), schema }
    }

    #[test]
    fn only_forms_are_asked() {
        for flat in [
            json!({ "type": "string" }),
            json!({ "type": "integer", "minimum": 1 }),
            json!({ "type": "boolean" }),
            json!({ "enum": ["x", "y"] }),
            json!({ "oneOf": [{ "const": "x", "title": "X" }] }),
        ] {
            assert_eq!(check(&[question(json!({ "a": flat }))]), Ok(()), "{flat}");
        }
        for deep in [json!({ "type": "object" }), json!({ "type": "array" }), json!({}), json!(true)] {
            assert!(check(&[question(json!({ "a": deep }))]).is_err(), "{deep}");
        }
    }

    #[test]
    fn a_reply_is_what_was_asked_for() {
        let asked = [question(json!({ "a": { "type": "integer" } }))];
        let accepted = |reply: Value| {
            let Value::Object(reply) = reply else { panic!("an object") };
            replies(&asked, vec![Said::Accepted(reply)])
        };
        let [(id, Said::Accepted(reply))] = &accepted(json!({ "a": 1 })).unwrap()[..] else { panic!("one reply") };
        assert_eq!((id.as_str(), &reply["a"]), ("q", &json!(1)));
        for wrong in [json!({}), json!({ "a": "x" }), json!({ "a": 1, "b": 2 })] {
            let why = accepted(wrong).unwrap_err();
            assert!(why.starts_with("the reply to `q` does not match what was asked: "), "{why}");
        }
        assert_eq!(replies(&asked, vec![Said::Declined]).unwrap(), [("q".to_owned(), Said::Declined)]);
        assert!(replies(&asked, Vec::new()).is_err());
    }
}
