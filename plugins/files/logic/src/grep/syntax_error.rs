//! Why a pattern is refused that cannot be said in the language of the `regex` crate.

/// A pattern that cannot be said in the other language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// `\1`
    #[error("holds the back-reference `\\{0}`, which matching in linear time cannot do")]
    BackReference(char),
    /// `[` without its `]`
    #[error("has a `[` without its `]`; write `\\[` for the character")]
    Bracket,
    /// `\(a`
    #[error("has a `{0}` without its `{1}`")]
    Group(&'static str, &'static str),
    /// `[[:foo:]]`
    #[error("has `[:{0}:]`, which is no class of characters")]
    Class(String),
    /// `[[.hyphen.]]`
    #[error("has `[{1}{0}{1}]`, which is not one character")]
    Collating(String, char),
    /// `[:space:]`
    #[error("has a class outside of a list; write `[[:space:]]`, not `[:space:]`")]
    Outside,
    /// `a{2}{2}{2}…`
    #[error("repeats a repetition too often")]
    Repetitions,
    /// `a\{`
    #[error(
        "has a `\\{{` that begins no repetition such as `\\{{2\\}}` or `\\{{1,3\\}}`; write `{{` for the character"
    )]
    Braces,
    /// `a{2,1}`
    #[error("has a repetition that ends before it begins, such as `{{2,1}}`")]
    Reversed,
    /// `a++`
    #[error("has a possessive repetition or an atomic group, which matching in linear time cannot do")]
    Possessive,
    /// `\N{U+E9}`
    #[error("names a character with `\\N{{`; write `\\x{{` and its number in hexadecimal digits")]
    Name,
    /// `(?R)`
    #[error("is recursive, which matching in linear time cannot do")]
    Recursion,
    /// It ends in a backslash.
    #[error("ends in a backslash; write `\\\\` for the character")]
    Backslash,
}
