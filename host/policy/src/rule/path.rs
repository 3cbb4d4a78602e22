//! Rules about files: absolute directories or files, with everything below them.

use cofferdam_grants::{AbsolutePath, PathError};

use crate::rule_text::{Purpose, RuleError};

/// Reads a rule. A want may be `any`, which is `/`.
///
/// # Errors
/// A [`RuleError`] about the first part that cannot be understood.
pub(crate) fn parse_path(text: &str, purpose: Purpose) -> Result<AbsolutePath, RuleError> {
    let whole = 0..text.len();
    if text == "any" {
        return match purpose {
            Purpose::Want => Ok(AbsolutePath::root()),
            Purpose::Allow | Purpose::Deny => {
                Err(RuleError::new(whole, "`any` is not a directory").hint("write `/` for every file"))
            }
        };
    }
    let odd = text.char_indices().find(|(_, c)| c.is_control() || *c == '\\');
    if let Some((at, bad)) = odd {
        let message = match bad {
            '\\' => "a path has no backslashes here: directories are divided by `/`",
            _ => "a path has no control characters in it",
        };
        return Err(RuleError::new(at..at + bad.len_utf8(), message));
    }
    AbsolutePath::parse(text).map_err(|why| {
        let error = RuleError::new(whole, why.to_string());
        match why {
            PathError::Relative if text.starts_with('~') => {
                error.hint("`~` is not replaced; `${HOME}` is, where the rule stands in a file")
            }
            PathError::Relative => error.hint("what a relative path means would depend on who starts this program"),
            PathError::Dots => error.hint("write the path that you mean, without going up"),
            PathError::Empty | PathError::Nul | PathError::TooLong => error,
        }
    })
}
