//! Host names in the one spelling that rules and lookups compare.
//!
//! Conversion of Unicode names (IDNA) is not here: callers convert first, since that needs tables
//! from a crate and this crate depends on nothing.

use std::fmt;

/// The most bytes a name may have in text form without its trailing dot (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;
/// The most bytes a label may have (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// A validated host name: ASCII, lower-case, without trailing dot, labels of letters, digits,
/// hyphens and underscores (the latter occur in service names, RFC 8552), at most 253 bytes.
///
/// It is never something that an address parser could take for a number: the last label is
/// neither all digits nor hexadecimal (the test of the WHATWG URL standard, "ends in a number").
/// Otherwise `2130706433` or `0x7f.1` would be matched as a name and dialled as 127.0.0.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Box<str>);

impl Name {
    /// Reads a name. Upper case is folded and one trailing dot is dropped.
    ///
    /// # Errors
    /// A [`NameError`] that says which part of RFC 1035/1123 the text breaks, or that it would be
    /// read as an address.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if let Some(bad) = text.chars().find(|c| !is_name_character(*c)) {
            return Err(if bad.is_ascii() { NameError::Character(bad) } else { NameError::NotAscii(bad) });
        }
        if text.len() > MAX_NAME {
            return Err(NameError::TooLong(text.len()));
        }
        for label in text.split('.') {
            check_label(label)?;
        }
        let last = text.rsplit('.').next().unwrap_or(text);
        if is_number(last) {
            return Err(NameError::Number(last.to_ascii_lowercase()));
        }
        Ok(Self(text.to_ascii_lowercase().into_boxed_str()))
    }

    /// The name as text, in its canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `localhost`, which is an alias of 127.0.0.1 and ::1 here and is never asked
    /// of a resolver (RFC 6761 §6.3).
    pub fn is_localhost(&self) -> bool {
        &*self.0 == "localhost"
    }

    /// Whether this name lies one or more labels below `apex`; the apex itself does not.
    pub fn is_below(&self, apex: &Self) -> bool {
        self.0.strip_suffix(apex.as_str()).and_then(|rest| rest.strip_suffix('.')).is_some_and(|rest| !rest.is_empty())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn check_label(label: &str) -> Result<(), NameError> {
    if label.is_empty() {
        return Err(NameError::EmptyLabel);
    }
    if label.len() > MAX_LABEL {
        return Err(NameError::LabelTooLong(label.to_owned()));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(NameError::Hyphen(label.to_owned()));
    }
    Ok(())
}

/// Whether an address parser could read this label as a number (decimal, octal or hexadecimal).
fn is_number(label: &str) -> bool {
    if label.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    label
        .strip_prefix("0x")
        .or_else(|| label.strip_prefix("0X"))
        .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Why a text is not a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// There is no text.
    Empty,
    /// Two dots in a row, or a dot at the start.
    EmptyLabel,
    /// A label over 63 bytes.
    LabelTooLong(String),
    /// A name over 253 bytes; carries its length.
    TooLong(usize),
    /// A label that begins or ends with a hyphen.
    Hyphen(String),
    /// An ASCII character that no host name has.
    Character(char),
    /// A character outside ASCII: the caller should have converted the name (IDNA).
    NotAscii(char),
    /// The last label is a number, so that an address parser would read the whole as an address.
    Number(String),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a host name cannot be empty"),
            Self::EmptyLabel => f.write_str("a host name cannot have an empty label"),
            Self::LabelTooLong(label) => {
                write!(f, "the label `{label}` has {} bytes, a label has at most {MAX_LABEL}", label.len())
            }
            Self::TooLong(len) => {
                write!(f, "the name has {len} bytes, a host name has at most {MAX_NAME}")
            }
            Self::Hyphen(label) => {
                write!(f, "the label `{label}` begins or ends with a hyphen")
            }
            Self::Character(c) => {
                write!(f, "a host name cannot contain `{}`", c.escape_default())
            }
            Self::NotAscii(c) => {
                write!(f, "a host name cannot contain `{}` before IDNA conversion", c.escape_unicode())
            }
            Self::Number(label) => {
                write!(f, "the last label `{label}` is a number, so this would be read as an address")
            }
        }
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
#[path = "name_tests.rs"]
mod tests;
