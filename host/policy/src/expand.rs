//! Environment variables in string values: `${VAR}`.
//!
//! The environment itself is handed in. Expansion happens after TOML was parsed, so that a
//! variable's value can never add keys or rules.

/// Why a text cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExpandError {
    /// `${` without `}`.
    Open,
    /// What stands between the braces is no variable's name.
    Name(String),
    /// The variable is not set.
    Unset(String),
}

/// Replaces every `${VAR}`; `$${` stands for `${` itself, and any other `$` for itself.
pub(crate) fn expand(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        if let Some(escaped) = before.strip_suffix('$') {
            out.push_str(escaped);
            out.push_str("${");
            rest = after;
            continue;
        }
        let (name, after) = after.split_once('}').ok_or(ExpandError::Open)?;
        if !is_variable(name) {
            return Err(ExpandError::Name(name.to_owned()));
        }
        out.push_str(before);
        out.push_str(&env(name).ok_or_else(|| ExpandError::Unset(name.to_owned()))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        (name == "LAB").then(|| "lab.example".to_owned())
    }

    #[test]
    fn a_set_variable_is_replaced_an_unset_one_fails() {
        assert_eq!(expand("tcp://db.${LAB}:22", &env), Ok("tcp://db.lab.example:22".into()));
        assert_eq!(expand("${LAB}${LAB}", &env), Ok("lab.examplelab.example".into()));
        assert_eq!(expand("a${NO}b", &env), Err(ExpandError::Unset("NO".into())));
    }

    #[test]
    fn braces_have_to_close_around_a_name() {
        assert_eq!(expand("${LAB", &env), Err(ExpandError::Open));
        assert_eq!(expand("${}", &env), Err(ExpandError::Name(String::new())));
        assert_eq!(expand("${1A}", &env), Err(ExpandError::Name("1A".into())));
        assert_eq!(expand("${LAB:-x}", &env), Err(ExpandError::Name("LAB:-x".into())));
    }

    #[test]
    fn a_dollar_stands_for_itself_and_a_doubled_one_escapes() {
        assert_eq!(expand("a$b $1", &env), Ok("a$b $1".into()));
        assert_eq!(expand("$${LAB}", &env), Ok("${LAB}".into()));
        assert_eq!(expand("$", &env), Ok("$".into()));
    }

    #[test]
    fn a_value_is_not_expanded_again() {
        let nested = |_: &str| Some("${LAB}".to_owned());
        assert_eq!(expand("${X}", &nested), Ok("${LAB}".into()));
    }
}
