//! Which handlers a connection has, as arguments say it: names, the lowest first, and a
//! configuration for each. Whether there are such handlers is the host's to say.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The most handlers on each other.
pub const MOST: usize = 8;

/// The longest name.
const NAME: usize = 32;

/// One handler of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name.
    pub handler: String,
    /// Its configuration: a JSON object.
    pub config: String,
}

/// Why there is no such stack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each field is")]
pub enum StackError {
    #[error("`handler`: a name is missing: it is a handler's name, or several from the lowest up, as `frames+json`")]
    Empty,
    #[error("`handler`: `{0}` is no name of a handler: names have small letters, digits and `-`")]
    Name(String),
    #[error("`handler`: {0} handlers are too many, {MOST} can stand on each other")]
    TooMany(usize),
    #[error("`handler_config`: it is for a `handler`, and there is none")]
    Alone,
    #[error("`handler_config`: it is a JSON object")]
    NoObject,
    #[error(
        "`handler_config`: `{key}` is no handler of `{stack}`: it holds an object for each by its name, as {{{example}}}"
    )]
    Unknown { key: String, stack: String, example: String },
    #[error("`handler_config.{0}`: it is a JSON object")]
    NoObjectFor(String),
}

impl StackError {
    /// The name of the argument that is wrong.
    pub fn argument(&self) -> &'static str {
        match self {
            StackError::Empty | StackError::Name(_) | StackError::TooMany(_) => "handler",
            _ => "handler_config",
        }
    }
}

/// The stack that the arguments `handler` and `handler_config` mean.
///
/// Names stand between `+`, `,` or blanks. The configuration of one handler is the object itself.
/// That of several is an object with an object for each, by its name; who has none gets `{}`.
pub fn stack(handler: &str, config: Option<&str>) -> Result<Vec<Layer>, StackError> {
    let names = names(handler)?;
    let object = |text: &str| text.trim_start().starts_with('{');
    if let Some(config) = config
        && !object(config)
    {
        return Err(StackError::NoObject);
    }
    let layer = |name: &str, config: &str| Layer { handler: name.to_owned(), config: config.to_owned() };
    if let [only] = names[..] {
        return Ok(vec![layer(only, config.unwrap_or("{}"))]);
    }
    let given: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(config.unwrap_or("{}")).map_err(|_| StackError::NoObject)?;
    if let Some(key) = given.keys().find(|key| !names.contains(&key.as_str())) {
        let example = names.iter().map(|name| format!("\"{name}\": {{}}")).collect::<Vec<_>>().join(", ");
        return Err(StackError::Unknown { key: shown(key), stack: names.join("+"), example });
    }
    if let Some((key, _)) = given.iter().find(|(_, value)| !object(value.get())) {
        return Err(StackError::NoObjectFor(key.clone()));
    }
    let config = |name: &str| given.get(name).map_or("{}", |config| config.get());
    Ok(names.iter().map(|name| layer(name, config(name))).collect())
}

/// Whether a configuration says nothing: clients that make a model fill in
/// every argument send `{}`.
pub fn is_empty(config: &str) -> bool {
    config.bytes().filter(|byte| !byte.is_ascii_whitespace()).eq(*b"{}")
}

/// The names of a stack as one text.
pub fn joined(layers: &[Layer]) -> String {
    layers.iter().map(|layer| layer.handler.as_str()).collect::<Vec<_>>().join("+")
}

fn names(text: &str) -> Result<Vec<&str>, StackError> {
    let parts = text.split(|c: char| c == '+' || c == ',' || c.is_whitespace());
    let names: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let is_name = |name: &&&str| {
        name.len() <= NAME
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if let Some(odd) = names.iter().find(|name| !is_name(name)) {
        return Err(StackError::Name(shown(odd)));
    }
    match names.len() {
        0 => Err(StackError::Empty),
        1..=MOST => Ok(names),
        many => Err(StackError::TooMany(many)),
    }
}

/// The beginning of what a caller wrote, without what cannot be seen.
fn shown(text: &str) -> String {
    text.chars().take(NAME).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(handler: &str, config: Option<&str>) -> Vec<(String, String)> {
        stack(handler, config).unwrap().into_iter().map(|layer| (layer.handler, layer.config)).collect()
    }

    fn refused(handler: &str, config: Option<&str>) -> (&'static str, String) {
        let error = stack(handler, config).unwrap_err();
        (error.argument(), error.to_string())
    }

    fn pair(name: &str, config: &str) -> (String, String) {
        (name.to_owned(), config.to_owned())
    }

    #[test]
    fn one_handler_has_the_configuration_itself() {
        assert_eq!(told("irc", None), [pair("irc", "{}")]);
        assert_eq!(told(" irc ", Some("{\"nick\": \"a\"}")), [pair("irc", "{\"nick\": \"a\"}")]);
    }

    #[test]
    fn several_have_one_each_by_name() {
        let config = Some("{\"json\": {\"framing\": \"concatenated\"}}");
        let expected = [pair("frames", "{}"), pair("json", "{\"framing\": \"concatenated\"}")];
        for handler in ["frames+json", "frames json", "frames, json", " frames + json "] {
            assert_eq!(told(handler, config), expected, "{handler}");
        }
        assert_eq!(joined(&stack("frames json", config).unwrap()), "frames+json");
        // Numbers stay as they were written.
        let config = Some("{\"frames\": {\"a\": 12345678901234567890123, \"b\": 1.0}}");
        assert_eq!(told("frames+json", config)[0].1, "{\"a\": 12345678901234567890123, \"b\": 1.0}");
    }

    #[test]
    fn an_empty_configuration_says_nothing() {
        assert!(is_empty("{}") && is_empty(" { \n}") && !is_empty("{\"a\": 1}") && !is_empty("[]") && !is_empty(""));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (argument, message) = refused("frames+json", Some("{\"framing\": \"lines\"}"));
        assert_eq!(argument, "handler_config");
        assert_eq!(
            message,
            "`handler_config`: `framing` is no handler of `frames+json`: it holds an object for each by its name, \
             as {\"frames\": {}, \"json\": {}}"
        );
        assert_eq!(refused("frames+json", Some("{\"json\": 1}")).1, "`handler_config.json`: it is a JSON object");
        assert_eq!(refused("irc", Some("[]")), ("handler_config", "`handler_config`: it is a JSON object".to_owned()));
        for (handler, word) in [(" + ", "missing"), ("IRC", "`IRC`"), ("[\"a\"]", "is no name"), ("a/b", "`a/b`")] {
            let (argument, message) = refused(handler, None);
            assert!(argument == "handler" && message.contains(word), "{handler}: {message}");
        }
        assert!(refused(&"a ".repeat(9), None).1.contains("9 handlers are too many"));
        assert!(refused(&"x".repeat(1000), None).1.len() < 200);
    }
}
