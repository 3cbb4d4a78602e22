//! Deferred lines: what has happened already and could not be written. They wait, bounded, and come
//! before the next event once the file can be written again. What found no room is counted, and a
//! line says how many there were.

use std::io;

use crate::Event;
use crate::key::Key;
use crate::open::Open;
use crate::record::Record;

/// Lines that wait at most. Those about the policy and the plugins come on top: there are a few,
/// and everything rests on them.
pub(crate) const ROOM: usize = 1_000;

impl Open {
    /// Keeps a line for later.
    pub fn defer(&mut self, event: &Event<'_>, record: Record<'_>) {
        let always = matches!(event, Event::PolicyLoaded { .. } | Event::Loaded { .. });
        if always || self.pending.len() < ROOM {
            self.pending.push_back(record.kept());
        } else {
            self.omitted += 1;
        }
    }

    /// Writes what waits, oldest first, and then how much found no room.
    pub fn flush(&mut self, key: &Key) -> io::Result<()> {
        while let Some(mut record) = self.pending.pop_front() {
            if let Err(error) = self.append(&mut record, key) {
                self.pending.push_front(record);
                return Err(error);
            }
        }
        if self.omitted > 0 {
            let what = format!("{} events found no room while the file could not be written", self.omitted);
            self.append(&mut Record { detail: Some(what.into()), ..Record::new("omitted") }, key)?;
            self.omitted = 0;
        }
        Ok(())
    }
}
