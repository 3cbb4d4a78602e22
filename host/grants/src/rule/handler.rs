//! Rules about protocol handlers, by the name of the component.

use std::fmt;

/// The longest name, in bytes.
const LONGEST: usize = 32;

/// Whether a text can be the name of a component: `[a-z][a-z0-9-]{0,31}`.
pub fn is_component_name(text: &str) -> bool {
    text.len() <= LONGEST
        && text.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A protocol handler's name, as every component has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HandlerName(Box<str>);

impl HandlerName {
    /// Reads a name; `None` for what no handler can be called.
    pub fn parse(text: &str) -> Option<Self> {
        is_component_name(text).then(|| Self(text.into()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HandlerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which handlers may be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HandlerRule {
    /// Every one that is loaded.
    Any,
    /// None at all: what an empty list of rules means.
    None,
    /// This one.
    Name(HandlerName),
}

impl HandlerRule {
    /// Whether the rule covers a handler.
    pub fn covers(&self, name: &HandlerName) -> bool {
        match self {
            Self::Any => true,
            Self::None => false,
            Self::Name(own) => own == name,
        }
    }

    /// Whether both are about the same handlers, or one is about none in particular.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(own), Self::Name(other)) => own == other,
            _ => true,
        }
    }
}

impl fmt::Display for HandlerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::None => f.write_str("none"),
            Self::Name(name) => name.fmt(f),
        }
    }
}
