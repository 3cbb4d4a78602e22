//! What the tools answer. The content stands in the structured answer as well as in the text: some
//! clients show their model the one, some the other.

use files_logic::Encoding;
use schemars::JsonSchema;
use serde::Serialize;

fn not(value: &bool) -> bool {
    !value
}

fn zero(value: &u64) -> bool {
    *value == 0
}

/// What is wrong with a file, beside what could be read of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Warning {
    /// The file, where there may be several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// `truncated_gzip`, `corrupt_gzip`, `gzip_checksum`, `gzip_trailing_garbage`,
    /// `truncated_utf16`, or why it could not be read further.
    pub code: &'static str,
    /// What that means.
    pub message: String,
}

/// A piece of a file: `cat_tool`, `head_tool`, `tail_tool`.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Content {
    /// The path, made plain.
    pub file_path: String,
    /// For the next page: pass it to cat_tool as cursor; of tail_tool with follow, to tail_tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
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
    /// Whether there was no room for all that was asked for.
    #[serde(skip_serializing_if = "not")]
    pub truncated: bool,
    /// Whether time was up before all was read.
    #[serde(skip_serializing_if = "not")]
    pub partial: bool,
    /// What is wrong with the file, beside what could be read of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// How the text is written: utf-8, utf-16le or utf-16be.
    pub encoding: &'static str,
    /// Whether it was decompressed (gzip).
    #[serde(skip_serializing_if = "not")]
    pub compressed: bool,
    /// Whether it begins like no text does.
    #[serde(skip_serializing_if = "not")]
    pub binary: bool,
    /// How many bytes are not shown as they are: as \xNN, or a run of one
    /// of them as \xNN (7 times).
    #[serde(skip_serializing_if = "zero")]
    pub escaped: u64,
    /// What following saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
    /// The content; bytes that are not UTF-8 as \xNN, a run of one
    /// unprintable byte as \xNN (7 times).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
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
    /// How often the file became shorter, or was written anew.
    pub truncations: u64,
    /// How often there was no file under the name for a while (nothing, or a directory).
    #[serde(skip_serializing_if = "zero")]
    pub interruptions: u64,
    /// Whether there was no file under the name at the end.
    #[serde(skip_serializing_if = "not")]
    pub missing: bool,
    /// Whether the file is another than the one the cursor was given out for, or was written anew:
    /// it was read from its beginning.
    #[serde(skip_serializing_if = "not")]
    pub replaced: bool,
    /// Whether the call's time was over before the seconds were.
    #[serde(skip_serializing_if = "not")]
    pub cut_short: bool,
    /// Whether more came than there was room for; following ended then.
    #[serde(skip_serializing_if = "not")]
    pub full: bool,
}

/// A file that `grep_tool` found something in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Matching {
    /// The file.
    pub file: String,
    /// How many lines match, in this answer (with -l: at least one; with -c: in all).
    pub matches: u64,
    /// Whether it is binary, so that its lines are not shown.
    #[serde(skip_serializing_if = "not")]
    pub binary: bool,
    /// Its lines, in order: `12:text` matches, `13-text` is context, `--` stands where lines were
    /// left out. With -b the offset stands behind the number: `12:345:text`. A line that is longer
    /// than what is shown ends in `…`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
}

/// A file or directory that could not be searched.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Skipped {
    /// Which.
    pub file: String,
    /// Why, as one word.
    pub code: &'static str,
    /// Why.
    pub reason: String,
}

/// The answer of `grep_tool`.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Matches {
    /// For the next page: pass it as cursor, with the same pattern, path and options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Whether the whole was searched.
    pub end: bool,
    /// Lines that match, in this answer.
    pub matches: u64,
    /// Files searched for this answer.
    pub files_searched: u64,
    /// Bytes of text searched for this answer.
    pub bytes_searched: u64,
    /// Whether time was up.
    #[serde(skip_serializing_if = "not")]
    pub partial: bool,
    /// What could not be searched; the first hundred.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// How many could not be searched.
    #[serde(skip_serializing_if = "zero")]
    pub skipped_count: u64,
    /// What is wrong with files, beside what was found in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The files with their lines, in order; with -c, -l or -L the files alone.
    pub files: Vec<Matching>,
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
    /// For the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// How many entries there are in all.
    pub total: u64,
    /// The entries of this page.
    pub entries: Vec<Entry>,
}

/// An encoding's name.
pub fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16Le => "utf-16le",
        Encoding::Utf16Be => "utf-16be",
    }
}
