//! Why a configuration or a message is refused.

/// What is wrong, and with which member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", member.as_deref().map(|member| format!("`{member}`: ")).unwrap_or_default())]
pub struct Failure {
    /// The member that is at fault, as a path (`params[2]`), if one is.
    pub member: Option<String>,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl Failure {
    /// A failure of no member.
    pub fn new(message: impl Into<String>) -> Self {
        Self { member: None, message: message.into() }
    }

    /// A failure of one member.
    pub fn of(member: impl Into<String>, message: impl Into<String>) -> Self {
        Self { member: Some(member.into()), message: message.into() }
    }
}
