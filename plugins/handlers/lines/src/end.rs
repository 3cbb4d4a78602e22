//! What ends a line, and where the next end is.

use handler_kit::{Failure, bytes_of, json};
use memchr::{memchr, memmem};

/// What ends a line, as a configuration says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Named {
    /// LF, with or without a CR before it. Lines to the peer end in CR LF.
    #[default]
    Auto,
    /// CR LF. A CR or an LF alone belongs to the line.
    Crlf,
    /// LF. A CR before it belongs to the line.
    Lf,
    /// CR. An LF behind it belongs to the next line.
    Cr,
    /// Nothing ends a line but silence: `silence_ms` is needed.
    None,
}

/// What ends a line: one of the names, or bytes of one's own.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum End {
    /// One of the usual ends.
    Named(Named),
    /// These characters.
    Text {
        /// The characters, as `";"`.
        text: String,
    },
    /// These bytes.
    Hex {
        /// Pairs of hexadecimal digits, as `"0d0a00"`.
        hex: String,
    },
}

impl Default for End {
    fn default() -> Self {
        Self::Named(Named::Auto)
    }
}

/// The longest end of one's own, in bytes.
const LONGEST_END: usize = 32;

impl End {
    /// The bytes that end a line to the peer.
    ///
    /// # Errors
    /// They are none, or too many.
    pub fn bytes(&self, member: &str) -> Result<Vec<u8>, Failure> {
        let own = match self {
            Self::Named(Named::Auto | Named::Crlf) => return Ok(b"\r\n".to_vec()),
            Self::Named(Named::Lf) => return Ok(b"\n".to_vec()),
            Self::Named(Named::Cr) => return Ok(b"\r".to_vec()),
            Self::Named(Named::None) => return Ok(Vec::new()),
            Self::Text { text } => text.clone().into_bytes(),
            Self::Hex { hex } => bytes_of(&json!({ "hex": hex }), member)?,
        };
        match own.len() {
            1..=LONGEST_END => Ok(own),
            length => Err(Failure::of(member, format!("an end has 1 to {LONGEST_END} bytes, not {length}"))),
        }
    }
}

/// Finds the end of a line.
#[derive(Debug)]
pub enum Finder {
    /// LF, and a CR before it belongs to it.
    Auto,
    /// One byte.
    Byte(u8),
    /// Several bytes.
    Bytes(Box<memmem::Finder<'static>>),
    /// There is none.
    Never,
}

/// A line that was found: how long it is without its end, and with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub line: usize,
    pub all: usize,
}

impl Finder {
    /// Finds this end.
    ///
    /// # Errors
    /// It is none.
    pub fn new(end: &End, member: &str) -> Result<Self, Failure> {
        let bytes = end.bytes(member)?;
        Ok(match (end, bytes.as_slice()) {
            (End::Named(Named::Auto), _) => Self::Auto,
            (_, []) => Self::Never,
            (_, [byte]) => Self::Byte(*byte),
            (_, bytes) => Self::Bytes(Box::new(memmem::Finder::new(bytes).into_owned())),
        })
    }

    /// The most bytes that an end has.
    pub fn len(&self) -> usize {
        match self {
            Self::Auto => 2,
            Self::Byte(_) => 1,
            Self::Bytes(finder) => finder.needle().len(),
            Self::Never => 0,
        }
    }

    /// The first end. What is before `scanned` is known to hold none.
    pub fn find(&self, bytes: &[u8], scanned: usize) -> Option<Found> {
        // An end may have begun in what was looked at before.
        let from = scanned.saturating_sub(self.len().saturating_sub(1)).min(bytes.len());
        let rest = &bytes[from..];
        match self {
            Self::Auto => {
                let at = from + memchr(b'\n', rest)?;
                let line = if at > 0 && bytes[at - 1] == b'\r' { at - 1 } else { at };
                Some(Found { line, all: at + 1 })
            }
            Self::Byte(byte) => memchr(*byte, rest).map(|at| from + at).map(|at| Found { line: at, all: at + 1 }),
            Self::Bytes(finder) => {
                finder.find(rest).map(|at| from + at).map(|at| Found { line: at, all: at + finder.needle().len() })
            }
            Self::Never => None,
        }
    }
}
