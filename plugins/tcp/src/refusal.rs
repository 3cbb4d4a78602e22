//! What the host says against a handler, a configuration or a message, as a tool's failure.

use cofferdam_sdk::Failure;
use cofferdam_sdk::handlers::{Error, Fault};

/// A session that cannot be made. `several`: its configuration holds one for each handler.
pub fn of_session(error: Error, several: bool) -> Failure {
    match error {
        Error::Invalid(fault) => {
            // A configuration that cannot be read as a whole is at fault under its argument's name.
            let member = fault.member.as_ref().filter(|member| *member != "handler_config");
            let path = match (member, &fault.handler) {
                (Some(member), _) if member == "handler" => member.clone(),
                (Some(member), Some(handler)) if several => format!("handler_config.{handler}.{member}"),
                (Some(member), _) => format!("handler_config.{member}"),
                (None, Some(handler)) if several => format!("handler_config.{handler}"),
                (None, Some(_)) => "handler_config".to_owned(),
                (None, None) if fault.member.is_some() => "handler_config".to_owned(),
                (None, None) => "handler".to_owned(),
            };
            invalid(path, &fault, several)
        }
        other => of_call(other),
    }
}

/// A message that cannot be sent: the member is named as a path from the argument on.
pub fn of_message(error: Error) -> Failure {
    match error {
        Error::Invalid(fault) => {
            let path = match fault.member.as_deref() {
                None | Some("" | "message") => "message".to_owned(),
                Some(member) if member.starts_with('[') => format!("message{member}"),
                Some(member) => format!("message.{member}"),
            };
            invalid(path, &fault, false)
        }
        other => of_call(other),
    }
}

/// Anything else that the host says.
pub fn of_call(error: Error) -> Failure {
    match error {
        Error::Refused(refusal) => refusal.into(),
        Error::Unavailable(why) => Failure::new("handler_unavailable", why),
        Error::Cut(why) => cut(&why),
        Error::Invalid(fault) => Failure::new("invalid_argument", fault.message),
    }
}

/// A handler that was cut off.
pub fn cut(why: &str) -> Failure {
    Failure::new("handler_cut", format_args!("the handler was cut off, the connection goes on without it: {why}"))
}

/// What the host has said, as one text.
pub fn text(error: Error) -> String {
    match error {
        Error::Refused(refusal) => refusal.words(),
        Error::Unavailable(why) | Error::Cut(why) => why,
        Error::Invalid(fault) => match fault.member {
            Some(member) => format!("`{member}`: {}", fault.message),
            None => fault.message,
        },
    }
}

fn invalid(path: String, fault: &Fault, named: bool) -> Failure {
    let by =
        fault.handler.as_deref().filter(|_| !named).map_or(String::new(), |handler| format!(" (says `{handler}`)"));
    Failure::new("invalid_argument", format_args!("`{path}`: {}{by}", fault.message)).with("argument", path)
}
