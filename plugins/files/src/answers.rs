//! What the tools answer. The content stands in the structured answer as well as in the text: some clients show their model the
//! one, some the other.

use files_logic::Encoding;
use schemars::JsonSchema;
use serde::Serialize;

fn not(value: &bool) -> bool {
    !value
}

fn zero(value: &u64) -> bool {
    *value == 0
}

/// A piece of a file: `cat_tool`, `head_tool`, `tail_tool`.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Content {
    /// The path, made plain.
    pub file_path: String,
    /// The content; bytes that are not UTF-8 as \xNN. Absent if it stands in the text block only (a limit beyond 262144).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Where it begins, in bytes of the (decompressed) text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// How many bytes of the file's text it is.
    pub bytes: u64,
    /// How many lines, where lines were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<u64>,
    /// The file's size on the disk, in bytes.
    pub size: u64,
    /// Whether the file ended here when it was read.
    pub end: bool,
    /// For the next page: pass it to cat_tool as cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Whether there was no room for all that was asked for.
    #[serde(skip_serializing_if = "not")]
    pub truncated: bool,
    /// Whether time was up before all was read.
    #[serde(skip_serializing_if = "not")]
    pub partial: bool,
    /// How the text is written: utf-8, utf-16le or utf-16be.
    pub encoding: &'static str,
    /// Whether it was decompressed (gzip).
    #[serde(skip_serializing_if = "not")]
    pub compressed: bool,
    /// Whether it begins like no text does.
    #[serde(skip_serializing_if = "not")]
    pub binary: bool,
    /// How many bytes are shown as \xNN.
    #[serde(skip_serializing_if = "zero")]
    pub escaped: u64,
    /// What following saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
}

/// What `tail_tool` saw while it followed.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Followed {
    /// For how long.
    pub seconds: f64,
    /// Bytes that came meanwhile.
    pub new_bytes: u64,
    /// How often another file took the name.
    pub rotations: u64,
    /// How often the file became shorter.
    pub truncations: u64,
    /// Whether there was no file under the name at the end.
    #[serde(skip_serializing_if = "not")]
    pub missing: bool,
    /// Whether the call's time was over before the seconds were.
    #[serde(skip_serializing_if = "not")]
    pub cut_short: bool,
    /// Whether more came than there was room for; following ended then.
    #[serde(skip_serializing_if = "not")]
    pub full: bool,
}

/// One line of `grep_tool`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Line {
    /// The file.
    pub file: String,
    /// The line's number, from 1.
    pub line: u64,
    /// Where it begins, in bytes of the (decompressed) text; with -o, where the match begins.
    pub offset: u64,
    /// Its text; bytes that are not UTF-8 as \xNN.
    pub text: String,
    /// Whether it is context of another line.
    #[serde(skip_serializing_if = "not")]
    pub context: bool,
    /// Whether it is longer than what is shown.
    #[serde(skip_serializing_if = "not")]
    pub cut: bool,
}

/// One file of `grep_tool`, with -c, -l or -L, or one that is binary and matches.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Matching {
    /// The file.
    pub file: String,
    /// How many lines match (with -l: at least one).
    pub matches: u64,
    /// Whether it is binary, so that its lines are not shown.
    #[serde(skip_serializing_if = "not")]
    pub binary: bool,
}

/// A file or directory that could not be searched.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Skipped {
    /// Which.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// The answer of `grep_tool`.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Matches {
    /// The lines, in order.
    pub lines: Vec<Line>,
    /// Files, where files were asked for, and binary ones that match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Matching>,
    /// Lines that match, in this answer.
    pub matches: u64,
    /// Files searched for this answer.
    pub files_searched: u64,
    /// Bytes of text searched for this answer.
    pub bytes_searched: u64,
    /// What could not be searched; the first hundred.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// How many could not be searched.
    #[serde(skip_serializing_if = "zero")]
    pub skipped_count: u64,
    /// Whether the whole was searched.
    pub end: bool,
    /// For the next page: pass it as cursor, with the same pattern, path and options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Whether time was up.
    #[serde(skip_serializing_if = "not")]
    pub partial: bool,
}

/// What is known of a file.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Entry {
    /// The name; of `stat_tool` the path.
    pub name: String,
    /// file, directory, symlink, fifo, socket, block-device, character-device, or unknown.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// When its content last changed (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// When it was last read, as far as the file system keeps that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessed: Option<String>,
    /// When it or what is known of it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// How many names it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<u64>,
    /// Where a symbolic link leads, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Why nothing more is told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<&'static str>,
}

/// The answer of `ls_tool`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entries {
    /// The directory; / where the roots are listed.
    pub file_path: String,
    /// The entries of this page.
    pub entries: Vec<Entry>,
    /// How many entries there are in all.
    pub total: u64,
    /// For the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An encoding's name.
pub fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16Le => "utf-16le",
        Encoding::Utf16Be => "utf-16be",
    }
}
