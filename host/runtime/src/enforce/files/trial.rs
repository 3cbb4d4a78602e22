//! What reading a path comes to as files are now, for `cofferdam explain`. The path goes the way of
//! a guest's `open-at`, through a gate of its own, which keeps the answer and writes nothing down.
//! Nothing is opened for reading.

use std::sync::{Arc, Mutex, PoisonError};

use cofferdam_audit::{Decision, Event, Sink, Unwritten};
use cofferdam_grants::{AbsolutePath, AtPath, Grants, Limits};
use rustix::fs::FileType;

use super::descriptor::Descriptor;
use super::find::find;
use super::shared::PATIENCE;
use super::stat::kind;
use super::{ErrorCode, OwnFiles, SharedFiles};
use crate::enforce::{Descriptors, Gate, NameServers, Names};
use crate::handler::Handlers;

const SILENT: &str = "its file system does not answer";

/// Tries a path under these grants. Has to be awaited on a tokio runtime.
pub async fn try_reading(grants: Grants, own: OwnFiles, path: &AbsolutePath) -> AtPath {
    let kept = Arc::new(Kept::default());
    let (names, files) = (Names::new(NameServers::System), Arc::new(SharedFiles::new(own)));
    let descriptors = Descriptors::new(Limits::default().descriptors);
    let sink = Arc::clone(&kept) as Arc<dyn Sink>;
    let gate = Arc::new(Gate::new("".into(), grants, names, files, Handlers::default(), descriptors, sink));
    let roots = gate.files.roots(gate.grants.read_roots()).await;
    let mut above = roots.into_iter().filter_map(|(root, there)| Some((path.below(&root)?.to_vec(), root, there)));
    // There is one at most: no granted root lies in another.
    let Some((below, root, there)) = above.next() else {
        return AtPath::Refused("outside-root");
    };
    let at = match there {
        Err(why) => Descriptor::Absent(root, why),
        Ok(there) => Descriptor::of_root(there),
    };
    let below = if below.is_empty() { ".".to_owned() } else { String::from_utf8_lossy(&below).into_owned() };
    let Ok(found) = tokio::time::timeout(PATIENCE, find(&gate, at, below, true)).await else {
        return AtPath::Nothing(SILENT);
    };
    match found {
        Ok(found) => AtPath::Given { kind: described(kind(&found.looked.stat)), real: found.looked.real },
        Err(error) => kept.refusal().unwrap_or_else(|| AtPath::Nothing(reason(error))),
    }
}

/// Keeps the last refusal.
#[derive(Default)]
struct Kept(Mutex<Option<AtPath>>);

impl Kept {
    fn refusal(&self) -> Option<AtPath> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Sink for Kept {
    fn record(&self, event: &Event<'_>) -> Result<(), Unwritten> {
        let refusal = match event {
            Event::Ask { decision: Decision::Denied(denial), .. } => AtPath::Denied((*denial).clone()),
            Event::Ask { decision: Decision::Refused(code), .. } => AtPath::Refused(code),
            _ => return Ok(()),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
        Ok(())
    }
}

fn described(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a directory",
        FileType::Fifo => "a FIFO, which can be looked at but not read",
        FileType::Socket => "a socket, which can be looked at but not read",
        _ => "a device, which can be looked at but not read",
    }
}

fn reason(error: ErrorCode) -> &'static str {
    match error {
        ErrorCode::NoEntry | ErrorCode::NotDirectory => "nothing is there now",
        ErrorCode::Access => "the system does not let this user see what is there",
        ErrorCode::WouldBlock => SILENT,
        ErrorCode::Loop => "its links lead in a circle, or are not to be followed",
        _ => "the system cannot say what is there",
    }
}
