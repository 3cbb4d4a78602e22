//! What the tests of the audit file stand on: a log with its key, asks, and a process that is
//! killed.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use cofferdam_grants::{Protocol, Resource, RuleId};

use crate::{ChainFile, Decision, Event, Keeping, Kind, Report, Sink, Unwritten, verify};

/// A folder with a log and, apart from it, a key.
pub struct LogFolder(PathBuf);

impl LogFolder {
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let unique = format!("cofferdam-audit-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(unique);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("state")).unwrap();
        Self(folder)
    }

    pub fn log(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }

    pub fn key(&self) -> PathBuf {
        self.0.join("state/audit.key")
    }

    pub fn head(&self) -> PathBuf {
        let mut entries = fs::read_dir(self.0.join("state")).unwrap().map(|entry| entry.unwrap().path());
        entries.find(|path| path.extension().is_some_and(|end| end == "head")).unwrap()
    }

    pub fn keeping(&self, size: u64, files: u32) -> ChainFile {
        let rule = Box::new(|id: RuleId| Some(format!("rule {}", id.index())));
        ChainFile::open(&self.log(), &self.key(), Keeping { size, files, rule, arguments: false }).unwrap()
    }

    pub fn open(&self) -> ChainFile {
        self.keeping(64 << 20, 8)
    }

    pub fn verify(&self) -> Report {
        verify(&self.log(), &self.key()).unwrap()
    }

    #[track_caller]
    pub fn sound(&self) -> Report {
        let report = self.verify();
        // The whole log would hide the fault.
        assert_eq!(report.fault, None, "after {} lines", report.lines);
        report
    }

    #[track_caller]
    pub fn fault(&self) -> (Kind, u64) {
        let fault = self.verify().fault.expect("a fault");
        (fault.kind, fault.line)
    }

    /// A log with so many asks, orderly closed: `opened`, the asks, `checkpoint`.
    pub fn with(asks: u16) -> Self {
        let place = Self::new();
        let chain = place.open();
        (0..asks).for_each(|port| ask(&chain, port).unwrap());
        drop(chain);
        place
    }

    pub fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.log()).unwrap().split_inclusive('\n').map(str::to_owned).collect()
    }
}

impl Drop for LogFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn ask(sink: &dyn Sink, port: u16) -> Result<(), Unwritten> {
    let resource = Resource::Peer { protocol: Protocol::Tcp, to: ([127, 0, 0, 1], port).into(), zone: None };
    sink.record(&Event::Ask {
        plugin: "tcp",
        caller: None,
        resource,
        decision: Decision::Allowed(Some(RuleId::new(0, 3))),
    })
}

/// As a process that is killed: no checkpoint, nothing closed in order.
pub fn kill(chain: ChainFile) {
    let mut open = chain.open_for_test();
    open.since = 0;
    drop(open);
    drop(chain);
}
