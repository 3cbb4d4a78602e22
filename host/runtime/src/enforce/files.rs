//! `wasi:filesystem` of WASI 0.2, our own and read-only: what a guest opens, looks at or lists is found beneath the handle of a
//! granted root, its real path is asked about, and only then is it used, by that very handle (I6). Without a grant there are no
//! roots, and so nothing to call any of this on.

mod denied;
mod descriptor;
mod entries;
mod find;
mod host;
mod look;
#[expect(clippy::disallowed_methods, reason = "our own files are looked up, so that they are known")]
mod own;
mod process;
mod root;
mod stream;
mod trial;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_audit::Decision;
use cofferdam_grants::{AbsolutePath, Ask, Denial, Grants, Permit, Reason};
use tokio::sync::{Semaphore, watch};
use wasmtime::component::Linker;

use super::{Gate, Gated, GatedView};
use crate::state::State;

pub use own::OwnFiles;
pub use trial::try_reading;

use look::Looked;
use root::Root;

/// The bindings of `wit/`: WASI's own text, with our types for what a guest holds.
mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "cofferdam:files/files",
        imports: { default: async | trappable },
        with: {
            "wasi:io": wasmtime_wasi_io::bindings::wasi::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
            "wasi:filesystem/types.descriptor": super::descriptor::Descriptor,
            "wasi:filesystem/types.directory-entry-stream": super::entries::Entries,
        },
        require_store_data_send: true,
    });
}

pub(crate) use bindings::wasi::filesystem::types::ErrorCode;

/// Operations on files that may be under way at one time in this process: a file system that does not answer holds up so many
/// threads and no more.
const AT_ONCE: usize = 64;

/// How long a granted root may take to be opened that has to be asked for.
const PATIENCE: Duration = Duration::from_secs(1);

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Runs what may block on a thread of its own. Whoever waits may leave at any time; the thread ends when the system lets it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ErrorCode> + Send + 'static,
) -> Result<T, ErrorCode> {
    let place = PLACES.acquire().await.map_err(|_| ErrorCode::Io)?;
    let done = tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    });
    done.await.unwrap_or(Err(ErrorCode::Io))
}

/// What all instances share of files: which are ours, and the roots that are open. There are as many as the policy has rules.
pub struct SharedFiles {
    own: OwnFiles,
    roots: Mutex<HashMap<AbsolutePath, Arc<Root>>>,
    /// Roots that are being opened, since when, and a channel that closes when it is done: one that hangs holds up one thread.
    opening: Mutex<HashMap<AbsolutePath, (Instant, watch::Receiver<()>)>>,
    /// Roots that were said not to be there.
    missed: Mutex<HashSet<AbsolutePath>>,
}

impl SharedFiles {
    pub fn new(own: OwnFiles) -> Self {
        Self { own, roots: Mutex::default(), opening: Mutex::default(), missed: Mutex::default() }
    }

    fn open_roots(&self) -> MutexGuard<'_, HashMap<AbsolutePath, Arc<Root>>> {
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An open root, if what is there now can be seen at once to be the same.
    fn root_at_hand(&self, path: &AbsolutePath) -> Option<Arc<Root>> {
        let root = self.open_roots().get(path).cloned()?;
        root.is_still_there().then_some(root)
    }

    /// Those of these roots that are open.
    fn opened(&self, granted: &[AbsolutePath]) -> Vec<Arc<Root>> {
        let roots = self.open_roots();
        granted.iter().filter_map(|path| roots.get(path).cloned()).collect()
    }

    /// Opens a root; may block. Without room for one more open file the one that is held serves on.
    fn open_root(&self, path: &AbsolutePath) {
        let root = match Root::open(path.clone()) {
            Ok(root) => root.map(Arc::new),
            Err(errno) => {
                tracing::warn!(target: "cofferdam", "`{path}` cannot be opened: {errno}");
                return;
            }
        };
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        match root {
            Some(root) => {
                missed.remove(path);
                self.open_roots().insert(path.clone(), root);
            }
            None => {
                self.open_roots().remove(path);
                if missed.insert(path.clone()) {
                    tracing::warn!(target: "cofferdam", "`{path}`, which may be read, is not there");
                }
            }
        }
    }

    /// The opening of a root that is under way, or one that begins now.
    fn opening(self: &Arc<Self>, path: &AbsolutePath) -> (Instant, watch::Receiver<()>) {
        let mut opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = opening.get(path) {
            return under_way.clone();
        }
        let (sender, done) = watch::channel(());
        let begun = (Instant::now(), done);
        opening.insert(path.clone(), begun.clone());
        drop(opening);
        let under_way = UnderWay { shared: Arc::clone(self), path: path.clone(), _done: sender };
        // It goes on, and so does the mark, until the file system answers, or whoever runs it is gone.
        tokio::spawn(blocking(move || {
            under_way.shared.open_root(&under_way.path);
            Ok(())
        }));
        begun
    }

    /// Opens a root on a thread of its own. It is waited for no longer than its file system may take that answers at all: others'
    /// files are not to wait for one that does not.
    async fn reopen(self: &Arc<Self>, path: &AbsolutePath) -> Result<Arc<Root>, ErrorCode> {
        let (since, mut done) = self.opening(path);
        let patience = PATIENCE.saturating_sub(since.elapsed());
        let hangs = tokio::time::timeout(patience, done.changed()).await.is_err();
        let known = self.open_roots().get(path).cloned();
        known.ok_or(if hangs { ErrorCode::WouldBlock } else { ErrorCode::NoEntry })
    }
}

/// The opening of a root, until it is over in whatever way.
struct UnderWay {
    shared: Arc<SharedFiles>,
    path: AbsolutePath,
    /// Who waits is told when this is dropped, which is after the mark is taken away.
    _done: watch::Sender<()>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.shared.opening.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

/// One instance's files.
pub struct Files {
    shared: Arc<SharedFiles>,
    hasher: RandomState,
}

impl Files {
    pub fn new(shared: Arc<SharedFiles>) -> Self {
        Self { shared, hasher: RandomState::new() }
    }

    /// The granted roots, each with what is there now.
    async fn roots(&self, granted: Vec<AbsolutePath>) -> Vec<(AbsolutePath, Result<Arc<Root>, ErrorCode>)> {
        let opened = granted.into_iter().map(async |path| {
            let root = match self.shared.root_at_hand(&path) {
                Some(root) => Ok(root),
                None => self.shared.reopen(&path).await,
            };
            (path, root)
        });
        futures::future::join_all(opened).await
    }

    /// What tells one file from another, without its number in the file system.
    fn hash(&self, device: u64, inode: u64) -> (u64, u64) {
        (self.hasher.hash_one((device, inode, 0_u8)), self.hasher.hash_one((device, inode, 1_u8)))
    }
}

impl Gate {
    /// Asks for a file that was found, as its root is spelled. What is ours is refused before anything is asked (I16).
    fn ask_for_file(&self, looked: &Looked, also: [Option<AbsolutePath>; 3]) -> Option<Permit> {
        if let Some(reason) = looked.refused {
            self.refused(&Ask::Read { path: &looked.path }, reason);
            return None;
        }
        self.ask_for_path(&looked.path, also)
    }

    /// Asks for a path, by the way the policy spells it, and sees to it that none of its other names is denied: a link in the
    /// spelling of a root, or of a deny rule, is no way around that rule.
    fn ask_for_path(&self, path: &AbsolutePath, also: [Option<AbsolutePath>; 3]) -> Option<Permit> {
        let ask = Ask::Read { path };
        self.recorded(&ask, decide_under_all_names(&self.grants, path, &also), None)
    }

    /// Asks for what is not to be had through the handles that are held, so that the operator reads why, as for any other refusal. Where
    /// the policy would allow the path as it is written, it is refused all the same: it leads elsewhere.
    fn ask_outside(&self, ask: &Ask<'_>) {
        match self.grants.decide(ask) {
            Err(denial) => drop(self.recorded(ask, Err(denial), None)),
            Ok(_) => self.refused(ask, "outside-root"),
        }
    }

    /// Records what is refused without a question to the policy.
    fn refused(&self, ask: &Ask<'_>, reason: &'static str) {
        // It is refused in any case: nothing more depends on the record.
        let _ = self.record(ask, Decision::Refused(reason), None);
    }
}

/// The policy's answer about a path; of its other names it is only asked whether they are denied.
fn decide_under_all_names(
    grants: &Grants,
    path: &AbsolutePath,
    also: &[Option<AbsolutePath>],
) -> Result<Permit, Denial> {
    let permit = grants.decide(&Ask::Read { path })?;
    for other in also.iter().flatten().filter(|other| *other != path) {
        match grants.decide(&Ask::Read { path: other }) {
            Err(denial) if matches!(denial.reason(), Reason::Denied(_)) => return Err(denial),
            _ => {}
        }
    }
    Ok(permit)
}

/// Links WASI 0.2's files.
pub fn add_files_0_2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::wasi::filesystem::types::add_to_linker::<State, Gated>(linker, |state| GatedView(state))?;
    bindings::wasi::filesystem::preopens::add_to_linker::<State, Gated>(linker, |state| GatedView(state))
}
