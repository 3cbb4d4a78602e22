//! What the tools take. ITMCP's names stay; everything else is optional.

use cofferdam_sdk::Integer;
use schemars::JsonSchema;
use serde::Deserialize;

/// `cat_tool`'s arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Cat {
    /// The whole path, such as /var/log/syslog.
    pub file_path: String,
    /// `next_cursor` of the answer before, for the next page.
    pub cursor: Option<String>,
    /// Where to begin, in bytes of the text; 0 if absent. Not together with cursor.
    pub offset: Option<Integer>,
    /// The most bytes of one page, 16 to 1048576; 32 KiB of JSON if absent.
    pub limit: Option<Integer>,
    /// false: show a gzip file's own bytes instead of what is compressed in it.
    pub decompress: Option<bool>,
}

/// `head_tool`'s arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Head {
    /// The whole path, such as /var/log/syslog.
    pub file_path: String,
    /// How many lines; 10 if absent.
    pub lines: Option<Integer>,
    /// The most bytes of the answer, 16 to 1048576; 32 KiB of JSON if absent.
    pub limit: Option<Integer>,
    /// false: show a gzip file's own bytes instead of what is compressed in it.
    pub decompress: Option<bool>,
}

/// `tail_tool`'s arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Tail {
    /// The whole path, such as /var/log/syslog.
    pub file_path: String,
    /// How many lines; 10 if absent.
    pub lines: Option<Integer>,
    /// Wait for what is written to the file, for `seconds`; what comes is reported as progress and returned at the end.
    pub follow: Option<bool>,
    /// How long to follow; 4 if absent, at most what a call may take.
    pub seconds: Option<Integer>,
    /// `next_cursor` of the answer before: what came since, instead of the last lines; with follow, also what comes.
    pub cursor: Option<String>,
    /// The most bytes of the answer, 16 to 1048576; 32 KiB of JSON if absent.
    pub limit: Option<Integer>,
    /// false: show a gzip file's own bytes instead of what is compressed in it.
    pub decompress: Option<bool>,
}

/// `grep_tool`'s arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Grep {
    /// What to search for: a basic regular expression as grep's, or as -E, -P or -F in options say.
    pub pattern: String,
    /// The whole path of a file, or of a directory with -r in options.
    pub file_path: String,
    /// grep's options, of these: -i -v -w -x -n -b -c -l -L -o -r -h -H -s -a -E -F -G -P, -m N, -A N, -B N, -C N, --include=GLOB,
    /// --exclude=GLOB, --exclude-dir=GLOB (and their long names).
    pub options: Option<String>,
    /// `next_cursor` of the answer before, for the next page.
    pub cursor: Option<String>,
    /// The most bytes of one answer, as JSON, 16384 to 524288; 32768 if absent.
    pub limit: Option<Integer>,
    /// false: search a gzip file's own bytes instead of what is compressed in it.
    pub decompress: Option<bool>,
}

/// `ls_tool`'s arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Ls {
    /// The whole path of a directory, such as /var/log; the directories and files that may be read if absent.
    pub file_path: Option<String>,
    /// The order: name, size (greatest first) or time (newest first); name if absent.
    pub sort: Option<String>,
    /// The other way round.
    pub reverse: Option<bool>,
    /// `next_cursor` of the answer before, for the next page.
    pub cursor: Option<String>,
    /// The most entries of one page, 1 to 2000; 200 if absent.
    pub limit: Option<Integer>,
}

/// `stat_tool`'s arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Stat {
    /// The whole path, such as /var/log/syslog.
    pub file_path: String,
    /// true: tell about what a symbolic link leads to, not about the link.
    pub follow: Option<bool>,
}

/// An optional text; an empty one counts as absent, as clients send it that make every argument required.
pub fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}
