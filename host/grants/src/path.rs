//! Absolute paths in the one spelling that rules and asks compare.
//!
//! Nothing is looked up: whether a path exists, or is a link, is known where it is opened, relative
//! to the handle of a directory that was granted. Names are bytes, as the system's are.

use std::fmt;

use crate::is_harmful;

/// The longest path, in bytes: several times what one system call takes.
const MAX_PATH: usize = 32 << 10;
/// The longest name in it, in bytes.
const MAX_NAME: usize = 255;

/// An absolute Unix path without `.`, `..` and empty parts. `..` is refused rather than followed:
/// behind a symbolic link it leads elsewhere than it looks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AbsolutePath(Box<[u8]>);

impl AbsolutePath {
    /// The root, `/`.
    pub fn root() -> Self {
        Self(Box::from(*b"/"))
    }

    /// Reads a path. Slashes in a row and at the end count once and not at all.
    ///
    /// # Errors
    /// A [`PathError`] about the first part that no such path has.
    pub fn parse(path: impl AsRef<[u8]>) -> Result<Self, PathError> {
        let path = path.as_ref();
        let Some(rest) = path.strip_prefix(b"/") else {
            return Err(if path.is_empty() { PathError::Empty } else { PathError::Relative });
        };
        if path.len() > MAX_PATH {
            return Err(PathError::TooLong);
        }
        let mut plain = Vec::with_capacity(path.len());
        for part in rest.split(|&b| b == b'/').filter(|part| !part.is_empty()) {
            match part {
                b"." | b".." => return Err(PathError::Dots),
                part if part.contains(&0) => return Err(PathError::Nul),
                part if part.len() > MAX_NAME => return Err(PathError::TooLong),
                part => {
                    plain.push(b'/');
                    plain.extend_from_slice(part);
                }
            }
        }
        Ok(if plain.is_empty() { Self::root() } else { Self(plain.into()) })
    }

    /// The path as bytes; it begins with `/` and, but for the root, does not end with one.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its names from the root on; none for the root itself.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&b| b == b'/').filter(|part| !part.is_empty())
    }

    /// Whether this is `directory` or lies below it.
    pub fn is_within(&self, directory: &Self) -> bool {
        match self.0.strip_prefix(&*directory.0) {
            Some(rest) => rest.is_empty() || rest.starts_with(b"/") || directory.is_root(),
            None => false,
        }
    }

    /// The path below `directory`, without a slash at either end; empty for the directory itself.
    pub fn below(&self, directory: &Self) -> Option<&[u8]> {
        let rest = self.is_within(directory).then(|| self.0.strip_prefix(&*directory.0)).flatten()?;
        Some(rest.strip_prefix(b"/").unwrap_or(rest))
    }

    /// Whether this is `/`.
    pub fn is_root(&self) -> bool {
        *self.0 == *b"/"
    }
}

/// The path as text. What a terminal would obey, what is invisible, what is no UTF-8 and the
/// backslash are written as `\xNN`, byte by byte, so that no two paths look the same.
impl fmt::Display for AbsolutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if is_shown(c) {
                    write!(f, "{c}")?;
                } else {
                    let mut bytes = [0; 4];
                    c.encode_utf8(&mut bytes).bytes().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
                }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}

/// Whether a character looks like what it is.
fn is_shown(c: char) -> bool {
    // `char::escape_debug` knows what is not printable; quotes are.
    let printable = matches!(c, '\'' | '"') || c.escape_debug().len() == 1;
    printable && !is_harmful(c) && c != '\\' && (c == ' ' || !c.is_whitespace())
}

/// Why a text is not such a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// There is no text.
    Empty,
    /// It does not begin with `/`.
    Relative,
    /// It has a part `.` or `..`.
    Dots,
    /// It has a zero byte.
    Nul,
    /// It has more than 32 KiB, or a name in it more than 255 bytes.
    TooLong,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the path is empty",
            Self::Relative => "the path is not absolute: it has to begin with `/`",
            Self::Dots => "the path has a part `.` or `..`",
            Self::Nul => "the path has a zero byte",
            Self::TooLong => "the path is too long: it has at most 32 KiB, and each name in it 255 bytes",
        })
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
