//! What the `files` plugin does with paths and bytes once it has them: paths as users spell them,
//! pages, lines from either end, following, searching, listing, and how bytes are shown. It opens
//! nothing: files come as `Read + Seek` or through traits, so that all of it is tested natively.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod bounds;
mod fault;
pub mod follow;
pub mod grep;
mod gunzip;
mod json;
mod lines;
mod list;
mod page;
mod path;
mod show;
mod source;

pub use bounds::{Outside, bounded};
pub use fault::{Fault, Faults};
pub use json::json_len;
pub use lines::{Part, head, tail};
pub use list::{Direction, Listing, Rank, SortKey, Sorting};
pub use page::{Page, page};
pub use path::{PathError, UserPath, place};
pub use show::{Room, Showing, Shown, show, show_end, shown};
pub use source::{Encoding, File, Source, is_stop};

/// Bytes read at a time.
pub const BLOCK: usize = 256 << 10;
