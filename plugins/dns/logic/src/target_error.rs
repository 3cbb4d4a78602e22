//! Why a target or a server is refused.

/// Why a target or server is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing, or only white space.
    #[error("it is empty")]
    Empty,
    /// A character that no host name has, outside of a service instance's name and
    /// not escaped by a backslash.
    #[error("it must not contain `{}`; in a label that is written `{}`", .0.escape_default(), escape(*.0))]
    Character(char),
    /// White space around it.
    #[error("it begins or ends with a blank")]
    Blank,
    /// A backslash that is followed by nothing, or by a number that is no byte.
    #[error("after a backslash stands a character, or a byte as three decimal digits")]
    Escape,
    /// A URL.
    #[error("it is a URL; write only the host")]
    Url,
    /// Two dots in a row, or one in front.
    #[error("it has an empty label")]
    EmptyLabel,
    /// A label over 63 bytes.
    #[error("a label has at most 63 bytes")]
    LongLabel,
    /// A name over 255 bytes on the wire.
    #[error("a name has at most 253 characters")]
    Long,
    /// Not convertible to A-labels.
    #[error("it is not a valid internationalised name")]
    Idna,
    /// The last label is a number: something other programs would read as an address.
    #[error("its last part is a number: it is neither an address nor a name")]
    Number,
    /// Not a port.
    #[error("a port is a number from 1 to 65535")]
    Port,
}

/// How a character is written in a label (RFC 1035, section 5.1).
fn escape(c: char) -> String {
    let numbered = |byte: &u8| format!("\\{byte:03}");
    if c.is_ascii_graphic() { format!("\\{c}") } else { c.to_string().as_bytes().iter().map(numbered).collect() }
}
