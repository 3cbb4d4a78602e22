//! What enforcement makes of a path as files are now: told to an operator who asks before anything
//! is read. Found out elsewhere.

use crate::{AbsolutePath, Denial};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtPath {
    /// It would be given out.
    Given {
        /// What it is, with its article.
        kind: &'static str,
        /// Its real path.
        real: AbsolutePath,
    },
    /// The rules allow it, and there is nothing to be had, for this reason.
    Nothing(&'static str),
    /// It is denied, by this path or another that leads to it.
    Denied(Denial),
    /// It is refused whatever the policy says, with this code.
    Refused(&'static str),
}
