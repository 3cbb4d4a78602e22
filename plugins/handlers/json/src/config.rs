//! How documents are configured.

use handler_kit::Failure;

/// How a document is told from the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Each line is a document (NDJSON, JSON Lines).
    #[default]
    Lines,
    /// A document ends where its last bracket or quotation mark is; white space between two may be
    /// there, and has to be behind a number, `true`, `false` or `null`.
    Concatenated,
    /// The same, with a record separator before each document (RFC 7464).
    Sequence,
}

/// What is sent behind each document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SendEnd {
    /// LF.
    #[default]
    Lf,
    /// CR LF.
    Crlf,
    /// Nothing: for frames, which end a document by themselves.
    None,
}

/// How documents are configured.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `lines`, `concatenated` or `sequence`.
    pub framing: Framing,
    /// What is sent behind each document: `lf`, `crlf` or `none`.
    pub send_end: SendEnd,
    /// The most bytes of a document: 1 to 1048576. A document of many small values takes some 36
    /// times as much memory.
    pub longest_document: usize,
    /// So deep may arrays and objects be within each other: 1 to 120.
    pub deepest: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { framing: Framing::default(), send_end: SendEnd::default(), longest_document: 256 << 10, deepest: 64 }
    }
}

impl Config {
    /// Whether the numbers are in their bounds.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if !(1..=1 << 20).contains(&self.longest_document) {
            return Err(Failure::of("longest_document", "it is 1 to 1048576 bytes"));
        }
        if !(1..=120).contains(&self.deepest) {
            return Err(Failure::of("deepest", "it is 1 to 120"));
        }
        Ok(())
    }
}
