//! The one error of this crate: what happened to which thing, then what to do about it.

use std::fmt;
use std::path::Path;

/// What went wrong, in words for people.
///
/// Displayed as the message, and below it a `hint:` line where there is something to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    hint: Option<String>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds what to do, keeping a hint that is already there: the one closest to the fault knows
    /// best.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Puts the larger undertaking that failed in front of the message.
    pub(crate) fn during(mut self, undertaking: &str) -> Self {
        self.message = format!("{undertaking}: {}", self.message);
        self
    }

    /// Leaves out the lines of the failed program, which were shown already.
    pub(crate) fn brief(mut self) -> Self {
        let end = self.message.find('\n').unwrap_or(self.message.len());
        self.message.truncate(end);
        self
    }

    /// For `map_err` on file operations, which do not name their file.
    pub(crate) fn at(verb: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::new(format!("cannot {verb} `{}`: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_stands_on_a_line_of_its_own_and_the_first_one_stays() {
        let error = Error::new("no `rustc`").hint("install Rust").hint("try again").during("guest toolchain");
        assert_eq!(error.to_string(), "guest toolchain: no `rustc`\nhint: install Rust");
    }
}
