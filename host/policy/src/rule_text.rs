//! What every text of a rule is read with: what it is for, and why it is none.

use std::ops::Range;

/// What a rule is for, which decides what it may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An allow rule: ports have to be written.
    Allow,
    /// A deny rule: no port means every port.
    Deny,
    /// A want of a manifest; as an allow rule, but special addresses are the operator's affair.
    Want,
}

/// Why a text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleError {
    /// Which bytes of the text it is about.
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl RuleError {
    pub(crate) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Refuses what no rule but one of paths has in it.
pub(crate) fn no_spaces(text: &str) -> Result<(), RuleError> {
    match text.char_indices().find(|(_, c)| c.is_whitespace() || c.is_control()) {
        Some((at, bad)) => {
            Err(RuleError::new(at..at + bad.len_utf8(), "a rule has no spaces or control characters in it"))
        }
        None => Ok(()),
    }
}
