//! What the tools take. ITMCP's names stay; everything else is optional.

use cofferdam_sdk::Integer;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Cat {
    /// Whole path
    pub file_path: String,
    /// `next_cursor` of the last answer
    pub cursor: Option<String>,
    /// First byte of the text to show; not with cursor
    pub offset: Option<Integer>,
    /// Bytes of one page, 16 to 1048576 (default 32 KiB)
    pub limit: Option<Integer>,
    /// false: a gzip file's own bytes
    pub decompress: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Head {
    /// Whole path
    pub file_path: String,
    /// Default 10
    pub lines: Option<Integer>,
    /// Bytes of the answer, 16 to 1048576 (default 32 KiB)
    pub limit: Option<Integer>,
    /// false: a gzip file's own bytes
    pub decompress: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Tail {
    /// Whole path
    pub file_path: String,
    /// Default 10
    pub lines: Option<Integer>,
    /// Wait `seconds` for what is written next
    pub follow: Option<bool>,
    /// How long to follow (default 4)
    pub seconds: Option<Integer>,
    /// `next_cursor` of the last answer: what came since, instead of the last lines
    ///
    /// # Details
    /// With `follow`, also what comes.
    pub cursor: Option<String>,
    /// Bytes of the answer, 16 to 1048576 (default 32 KiB)
    pub limit: Option<Integer>,
    /// false: a gzip file's own bytes
    pub decompress: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Grep {
    /// grep's basic regular expression; extended, Perl's or plain text with -E, -P or -F in options
    pub pattern: String,
    /// Whole path of a file, or of a directory with -r
    pub file_path: String,
    /// Of grep's: -i -v -w -x -n -b -c -l -L -o -r -h -H -s -a -E -F -G -P, -m N, -A N, -B N, -C N,
    /// --include=GLOB, --exclude=GLOB, --exclude-dir=GLOB
    ///
    /// # Details
    /// Their long names are taken as well.
    pub options: Option<String>,
    /// `next_cursor` of the last answer
    pub cursor: Option<String>,
    /// Bytes of one answer, 16384 to 524288 (default 32768)
    pub limit: Option<Integer>,
    /// false: a gzip file's own bytes
    pub decompress: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Ls {
    /// Whole path of a directory
    pub file_path: Option<String>,
    /// name, size (greatest first) or time (newest first)
    pub sort: Option<String>,
    pub reverse: Option<bool>,
    /// `next_cursor` of the last answer
    pub cursor: Option<String>,
    /// Entries of one page, 1 to 2000 (default 200)
    pub limit: Option<Integer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Stat {
    /// Whole path
    pub file_path: String,
    /// Of what a symbolic link leads to, not of the link
    pub follow: Option<bool>,
}

/// An optional text; an empty one counts as absent, as clients send it that make
/// every argument required.
pub fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}
