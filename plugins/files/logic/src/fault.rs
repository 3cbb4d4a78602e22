//! What is wrong with a file, returned beside its readable part. A fault has the
//! same code in every tool.

use std::cell::Cell;
use std::rc::Rc;

/// What is wrong with a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The compressed data ends before its end is reached.
    GzipTruncated,
    /// The compressed data is none from some place on.
    GzipCorrupt,
    /// What was decompressed is not what was compressed.
    GzipChecksum,
    /// Something that is not gzip follows the compressed data.
    GzipTrailing,
    /// UTF-16 that ends within a character.
    Utf16Truncated,
}

impl Fault {
    /// A stable word for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::GzipTruncated => "truncated_gzip",
            Self::GzipCorrupt => "corrupt_gzip",
            Self::GzipChecksum => "gzip_checksum",
            Self::GzipTrailing => "gzip_trailing_garbage",
            Self::Utf16Truncated => "truncated_utf16",
        }
    }

    /// What that means for what is shown.
    pub fn message(self) -> &'static str {
        match self {
            Self::GzipTruncated => "the compressed data ends early; all that it holds is read",
            Self::GzipCorrupt => "the compressed data is corrupt; what comes before that place is read",
            Self::GzipChecksum => "the decompressed data does not match its checksum; it may differ from the original",
            Self::GzipTrailing => "something that is not gzip follows the compressed data, and is left out",
            Self::Utf16Truncated => "the text ends within a UTF-16 character, shown as U+FFFD",
        }
    }
}

/// The fault of one file, set by the layer of its reader that finds it. The first one is kept.
#[derive(Clone, Debug, Default)]
pub struct Faults(Rc<Cell<Option<Fault>>>);

impl Faults {
    /// The fault that was met so far.
    pub fn first(&self) -> Option<Fault> {
        self.0.get()
    }

    pub(crate) fn tell(&self, fault: Fault) {
        if self.0.get().is_none() {
            self.0.set(Some(fault));
        }
    }
}
