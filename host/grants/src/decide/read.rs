//! Whether a file or directory may be read.

use super::Verdict;
use crate::denial::Near;
use crate::{AbsolutePath, Grants, Reason};

impl Grants {
    /// A path may be read if it is, or lies below, what a rule names. Paths are compared as they
    /// are written; that no link leads out of a granted directory is seen to where it is opened.
    pub(super) fn read(&self, path: &AbsolutePath) -> Verdict {
        if let Some((id, _)) = self.read_denies().find(|(_, deny)| path.is_within(deny)) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let mut near = Near::because(Reason::NoRule);
        for (id, _) in self.reads().filter(|(_, rule)| path.is_within(rule)) {
            if self.read_wants().any(|want| path.is_within(want)) {
                return Ok(vec![id]);
            }
            near.note(Reason::NotWanted, id, None, None);
        }
        Err(near.unless_wanted(self.read_wants().any(|want| path.is_within(want))))
    }
}
