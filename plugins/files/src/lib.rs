//! Files for AI clients, read-only: ITMCP's `cat_tool`, `head_tool`, `tail_tool`, `grep_tool`, and `ls_tool`, `stat_tool`. This file
//! lists the tools; what they do with bytes is `files-logic`, what they read comes through `disk.rs`.

mod answers;
mod arguments;
mod content;
mod disk;
mod follow;
mod listing;
mod refusals;
mod search;

use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::{Answer, Cx, Failure};

use answers::{Content, Entries, Entry, Matches};
use disk::Disk;

/// The plugin has no state: every call has an instance of its own.
#[derive(Default)]
pub struct Files;

/// The granted files, for as long as this call may take. A little is left for the answer.
fn disk(cx: Cx) -> Disk {
    let left = cx.time_left();
    Disk::new(cofferdam_sdk::now() + left.saturating_sub(margin(left)))
}

/// What is kept of a call's time for its answer.
fn margin(call: Duration) -> Duration {
    (call / 10).clamp(Duration::from_millis(20), Duration::from_secs(2))
}

#[cofferdam_sdk::plugin]
impl Files {
    /// Read a file, page by page.
    ///
    /// Only files that the operator's policy allows can be read; any other path answers `not_allowed`, whether it exists or not,
    /// and that is final. ls_tool without arguments lists what may be read. gzip files are read decompressed, UTF-16 as text; bytes
    /// that are no text are shown as \xNN, a run of one such byte as \xNN (7 times). A broken file is read as far as it can be, and
    /// `warnings` says what is wrong. If `end` is false, go on with `next_cursor`; for the end of a long file use tail_tool.
    #[tool(title = "Read a file", read_only, closed_world, pages)]
    async fn cat_tool(self: Rc<Self>, cx: Cx, a: arguments::Cat) -> Result<Answer<Content>, Failure> {
        content::cat(&disk(cx), &a)
    }

    /// Read the first lines of a file (10 if `lines` is absent).
    ///
    /// `next_cursor` goes on where they end, with cat_tool.
    #[tool(title = "First lines of a file", read_only, closed_world, pages)]
    async fn head_tool(self: Rc<Self>, cx: Cx, a: arguments::Head) -> Result<Answer<Content>, Failure> {
        content::head(&disk(cx), &a)
    }

    /// Read the last lines of a file (10 if `lines` is absent), however long it is; with `follow`, also what is written to it during
    /// the next `seconds`.
    ///
    /// Following goes on across log rotation. What comes is reported as progress at once, and returned as a whole at the end; `next_cursor`,
    /// passed back, goes on behind it.
    #[tool(title = "Last lines of a file", read_only, closed_world, pages)]
    async fn tail_tool(self: Rc<Self>, cx: Cx, a: arguments::Tail) -> Result<Answer<Content>, Failure> {
        content::tail(cx, &disk(cx), &a).await
    }

    /// Search a file for a pattern, or with -r in `options` all files below a directory.
    ///
    /// Patterns are grep's: basic regular expressions, or extended ones with -E, as in Perl with -P, plain text with -F. Matching takes
    /// linear time; back-references and look-around are not available. gzip files are searched decompressed; a binary file
    /// only says that it matches. If `end` is false, go on with `next_cursor`.
    #[tool(title = "Search files", read_only, closed_world, pages)]
    async fn grep_tool(self: Rc<Self>, cx: Cx, a: arguments::Grep) -> Result<Answer<Matches>, Failure> {
        search::grep(disk(cx), &a)
    }

    /// List a directory, or without `file_path` the directories and files that may be read at all.
    #[tool(title = "List a directory", read_only, closed_world, pages)]
    async fn ls_tool(self: Rc<Self>, cx: Cx, a: arguments::Ls) -> Result<Answer<Entries>, Failure> {
        listing::ls(&disk(cx), &a)
    }

    /// Tell what is known of a file without reading it: type, size, times, links, and where a symbolic link leads.
    #[tool(title = "File status", read_only, closed_world)]
    async fn stat_tool(self: Rc<Self>, cx: Cx, a: arguments::Stat) -> Result<Answer<Entry>, Failure> {
        listing::stat(&disk(cx), &a)
    }
}
