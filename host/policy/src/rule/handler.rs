//! Rules about protocol handlers: a handler's name, `any`, or `none`.

use cofferdam_grants::{HandlerName, HandlerRule};

use crate::rule_text::RuleError;

/// Reads a rule.
///
/// # Errors
/// A [`RuleError`] about a text that is no handler's name.
pub(crate) fn parse_handler(text: &str) -> Result<HandlerRule, RuleError> {
    match text {
        "any" => return Ok(HandlerRule::Any),
        "none" => return Ok(HandlerRule::None),
        _ => {}
    }
    HandlerName::parse(text).map(HandlerRule::Name).ok_or_else(|| {
        RuleError::new(0..text.len(), "this is not a handler's name")
            .hint("write a name, as `irc`, or `any`; a name is a lower-case letter, then up to 31 letters, digits and hyphens")
    })
}
