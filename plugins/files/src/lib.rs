//! Files for AI clients, read-only: ITMCP's `cat_tool`, `head_tool`, `tail_tool`, `grep_tool`, and
//! `ls_tool`, `stat_tool`. This file lists the tools; what they do with bytes is `files-logic`,
//! what they read comes through `disk.rs`.

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
    /// Read a text file or log, page by page: if `end` is false, go on with `next_cursor`.
    ///
    /// gzip is decompressed, UTF-16 read as text; other bytes show as \xNN. ls_tool without
    /// arguments lists what may be read; tail_tool shows the end of a long file.
    ///
    /// # Details
    /// Only files that the operator's policy allows can be read; any other path answers
    /// `not_allowed`, whether it exists or not, and that is final. A run of one byte that is no
    /// text is shown as \xNN (7 times). A broken file is read as far as it can be, and
    /// `warnings` says what is wrong.
    #[tool(title = "Read a file", read_only, closed_world, pages)]
    async fn cat_tool(self: Rc<Self>, cx: Cx, a: arguments::Cat) -> Result<Answer<Content>, Failure> {
        content::cat(&disk(cx), &a)
    }

    /// Read the first lines of a text file or log; cat_tool goes on at `next_cursor`.
    #[tool(title = "First lines of a file", read_only, closed_world, pages)]
    async fn head_tool(self: Rc<Self>, cx: Cx, a: arguments::Head) -> Result<Answer<Content>, Failure> {
        content::head(&disk(cx), &a)
    }

    /// Read the last lines of a text file or log, however long; with `follow`, also what is written
    /// to it during the next `seconds`, across log rotation.
    ///
    /// # Details
    /// What comes is reported as progress at once, and returned as a whole at the end;
    /// `next_cursor`, passed back, goes on behind it. The longest that can be followed
    /// is what a call may take.
    #[tool(title = "Last lines of a file", read_only, closed_world, pages)]
    async fn tail_tool(self: Rc<Self>, cx: Cx, a: arguments::Tail) -> Result<Answer<Content>, Failure> {
        content::tail(cx, &disk(cx), &a).await
    }

    /// Search a file or log for a pattern (grep), or with -r in `options` all
    /// files below a directory.
    ///
    /// No back-references or look-around. gzip is searched decompressed. If `end` is false,
    /// go on with `next_cursor`.
    ///
    /// # Details
    /// Matching takes linear time. A binary file only says that it matches.
    #[tool(title = "Search files", read_only, closed_world, pages)]
    async fn grep_tool(self: Rc<Self>, cx: Cx, a: arguments::Grep) -> Result<Answer<Matches>, Failure> {
        search::grep(disk(cx), &a)
    }

    /// List files of a directory, or without `file_path` the directories and files
    /// that may be read at all.
    #[tool(title = "List a directory", read_only, closed_world, pages)]
    async fn ls_tool(self: Rc<Self>, cx: Cx, a: arguments::Ls) -> Result<Answer<Entries>, Failure> {
        listing::ls(&disk(cx), &a)
    }

    /// Type, size, times and links of a file, and where a symbolic link leads.
    #[tool(title = "File status", read_only, closed_world)]
    async fn stat_tool(self: Rc<Self>, cx: Cx, a: arguments::Stat) -> Result<Answer<Entry>, Failure> {
        listing::stat(&disk(cx), &a)
    }
}
