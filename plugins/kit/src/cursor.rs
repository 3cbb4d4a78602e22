//! Cursors: where the next page begins, as a text that means nothing to whoever passes it back. It
//! holds a position and gives no access: the host decides anew about what it leads to. A cursor of
//! another tool, or a mangled one, is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, de::DeserializeOwned};

/// The longest cursor that is read, in characters.
const LONGEST: usize = 8192;

/// A text that is not a cursor of this tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It is not one that was given out, or not all of it.
    #[error("is not a cursor that was given out; pass `next_cursor` back unchanged, or leave it out to begin anew")]
    Mangled,
    /// It belongs to another tool.
    #[error("belongs to another tool; leave it out to begin anew")]
    OtherTool,
}

/// Writes a position as a cursor of the tool `kind`.
pub fn encode(kind: &str, position: &impl Serialize) -> String {
    // A position is a plain record: it has a JSON form. Without one the cursor is empty, and is
    // refused when it comes back.
    let json = serde_json::to_vec(&(kind, position)).unwrap_or_default();
    let mut bytes = crc32fast::hash(&json).to_le_bytes().to_vec();
    bytes.extend_from_slice(&json);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor of the tool `kind`.
///
/// # Errors
/// It is another tool's, or not as it was given out.
pub fn decode<T: DeserializeOwned>(kind: &str, text: &str) -> Result<T, CursorError> {
    if text.len() > LONGEST {
        return Err(CursorError::Mangled);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| CursorError::Mangled)?;
    let (sum, json) = bytes.split_first_chunk::<4>().ok_or(CursorError::Mangled)?;
    if u32::from_le_bytes(*sum) != crc32fast::hash(json) {
        return Err(CursorError::Mangled);
    }
    let (tool, position): (String, serde_json::Value) =
        serde_json::from_slice(json).map_err(|_| CursorError::Mangled)?;
    if tool != kind {
        return Err(CursorError::OtherTool);
    }
    serde_json::from_value(position).map_err(|_| CursorError::Mangled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_as_it_went_out() {
        let cursor = encode("cat", &(7_u64, "ü".to_owned()));
        assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{cursor}");
        assert_eq!(decode("cat", &cursor), Ok((7_u64, "ü".to_owned())));
        assert_eq!(decode("cat", &format!(" {cursor}\n")), Ok((7_u64, "ü".to_owned())));
    }

    #[test]
    fn what_was_not_given_out_is_refused() {
        let cursor = encode("cat", &7_u64);
        assert_eq!(decode::<u64>("ls", &cursor), Err(CursorError::OtherTool));
        assert_eq!(decode::<String>("cat", &cursor), Err(CursorError::Mangled));
        for text in ["", "7", "AAAA", "AAAAAAAA", &cursor[1..], &cursor[..cursor.len() - 2], &"A".repeat(LONGEST + 1)] {
            assert_eq!(decode::<u64>("cat", text), Err(CursorError::Mangled), "{text}");
        }
    }
}
