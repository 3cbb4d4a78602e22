//! Why a pattern is refused, in one line that a model can act on.
//!
//! Positions count characters of the pattern from 1. The engine's own multi-line messages with
//! carets are not used.

use regex_syntax::ast::{ErrorKind as Syntax, Span};
use regex_syntax::hir::ErrorKind as Meaning;

use super::{COMPILED, GROUPS, LONGEST, position};

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each field is")]
pub enum PatternError {
    #[error("invalid pattern at character {position}: {problem}")]
    Syntax { position: usize, problem: String },
    #[error("unsupported pattern at character {position}: {feature} not supported: matching takes linear time{hint}")]
    Unsupported { position: usize, feature: &'static str, hint: &'static str },
    #[error(
        "invalid pattern at character {position}: the class mixes bytes from \\x80 with characters outside ASCII; \
         write two classes, as in `(?:[\\x80-\\xff]|[é])`"
    )]
    MixedClass { position: usize },
    #[error("invalid pattern at character {position}: too many classes like `\\w`, `\\d` and `\\p{{…}}`")]
    TooManyClasses { position: usize },
    #[error("the pattern is {bytes} bytes long, {LONGEST} are allowed")]
    TooLong { bytes: usize },
    #[error(
        "the pattern is too large once compiled, {COMPILED} bytes are allowed; use smaller repetition counts or fewer groups"
    )]
    TooLarge,
    #[error("the pattern has {groups} groups, {GROUPS} are allowed; write `(?:…)` where nothing is captured")]
    TooManyGroups { groups: usize },
    #[error(
        "the pattern can match the empty string, so it would match for ever; make it need at least one byte, as `a+` instead of `a*`"
    )]
    MatchesNothing,
    #[error("the pattern can never match anything")]
    NeverMatches,
    #[error("Unicode word boundaries are not supported; write `(?-u:\\b)`, or leave out `(?u)`")]
    UnicodeWordBoundary,
}

impl PatternError {
    /// An error of the parser.
    pub(super) fn syntax(text: &str, span: &Span, kind: &Syntax) -> PatternError {
        let position = position(text, span);
        let here = &text[span.start.offset.min(text.len())..];
        let unsupported = |feature, hint| PatternError::Unsupported { position, feature, hint };
        match kind {
            Syntax::UnsupportedLookAround => unsupported(
                "look-around (`(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`) is",
                "; match the text around it too, and capture the part you need",
            ),
            Syntax::UnsupportedBackreference => {
                unsupported("back-references (`\\1`) are", "; repeat the expression itself")
            }
            _ => {
                // The parser takes the next forms for unknown flags or escapes; they are
                // named by what was meant.
                let before = &text[..span.start.offset.min(text.len())];
                let flag = before.ends_with("(?");
                if flag && here.starts_with("P=") {
                    unsupported("back-references (`(?P=name)`) are", "; repeat the expression itself")
                } else if here.starts_with("\\k") || here.starts_with("\\g") {
                    unsupported("back-references (`\\k<name>`) are", "; repeat the expression itself")
                } else if flag && here.starts_with('>') {
                    unsupported("atomic groups (`(?>…)`) are", "; a plain group `(?:…)` does not back-track either")
                } else if flag && here.starts_with('(') {
                    unsupported("conditional groups (`(?(1)…)`) are", "; write two alternatives")
                } else if flag && here.starts_with('#') {
                    unsupported("comment groups (`(?#…)`) are", "; write `(?x)` and `# …`")
                } else if here.starts_with("\\Z") || here.starts_with("\\G") || here.starts_with("\\K") {
                    let problem = "unknown escape; the end of the data is `\\z`, the end of a line `$`".to_owned();
                    PatternError::Syntax { position, problem }
                } else {
                    PatternError::Syntax { position, problem: one_line(kind) }
                }
            }
        }
    }

    /// An error of the translation, after parsing.
    pub(super) fn meaning(text: &str, span: &Span, kind: &Meaning) -> PatternError {
        PatternError::Syntax { position: position(text, span), problem: one_line(kind) }
    }
}

fn one_line(kind: &impl std::fmt::Display) -> String {
    kind.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::pattern::Pattern;

    fn refused(pattern: &str) -> String {
        let message = Pattern::new(pattern).expect_err(pattern).to_string();
        assert!(!message.contains('\n'), "{message:?}");
        message
    }

    #[test]
    fn unsupported_syntax_is_named() {
        for (pattern, place, name) in [
            ("a(?=b)", "character 2", "look-around"),
            ("é(?!b)", "character 2", "look-around"),
            ("(?<=a)b", "character 1", "look-around"),
            ("(?<!a)b", "character 1", "look-around"),
            (r"(a)\1", "character 4", "back-references"),
            (r"(?P<n>a)(?P=n)", "character 11", "back-references"),
            (r"(?<n>a)\k<n>", "character 8", "back-references"),
            ("(?>a)", "character 3", "atomic groups"),
            ("(a)(?(1)b)", "character 6", "conditional groups"),
            ("(?#note)a", "character 3", "comment groups"),
        ] {
            let message = refused(pattern);
            assert!(
                message.contains(place) && message.contains(name) && message.contains("not supported"),
                "{message}"
            );
        }
    }

    #[test]
    fn mistakes_are_shown_with_their_place() {
        assert_eq!(refused("a(b"), "invalid pattern at character 2: unclosed group");
        assert_eq!(refused("é["), "invalid pattern at character 2: unclosed character class");
        assert_eq!(refused("*a"), "invalid pattern at character 1: repetition operator missing expression");
        assert!(refused(r"a\Z").contains(r"`\z`"));
        assert!(refused(r"\p{Nope}").contains("character 1"));
        assert!(refused(r"a[é\xff]").contains("character 2: the class mixes"));
        assert!(refused(r"(?u)\bé").contains("word boundaries"));
    }

    #[test]
    fn what_would_match_for_ever_or_never_is_refused() {
        for pattern in ["", "a*", "^", "$", "(a|)", ".*", "^$", r"\b", "(a?){3}"] {
            assert!(refused(pattern).contains("empty string"), "{pattern}");
        }
        assert!(refused("[a&&b]").contains("never"));
    }

    #[test]
    fn size_is_bounded() {
        assert!(refused(&"a".repeat(65_537)).contains("65537 bytes long, 65536 are allowed"));
        assert!(refused("(?:a{1000}){1000}").contains("too large"));
        assert!(refused(&"(a)".repeat(65)).contains("65 groups, 64 are allowed"));
        assert!(refused(&r"\w".repeat(257)).contains("character 513"));
        assert!(refused(&"(".repeat(60_000)).contains("character"));
        assert!(refused(&format!("{}a{}", "(?:".repeat(500), ")".repeat(500))).contains("nested"));
    }
}
