//! What all instances share of files, and what one instance adds: which files are ours, and the
//! granted roots that are open.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_grants::AbsolutePath;
use tokio::sync::watch;

use super::own::OwnFiles;
use super::root::Root;
use super::{ErrorCode, blocking};

/// How long a granted root may take to be opened that has to be asked for.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// What all instances share of files: which are ours, and the roots that are open. There are as
/// many as the policy has rules.
pub struct SharedFiles {
    pub(super) own: OwnFiles,
    roots: Mutex<HashMap<AbsolutePath, Arc<Root>>>,
    /// Roots that are being opened, since when, and a channel that closes when it is done: one that
    /// hangs holds up one thread.
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
    pub(super) fn opened(&self, granted: &[AbsolutePath]) -> Vec<Arc<Root>> {
        let roots = self.open_roots();
        granted.iter().filter_map(|path| roots.get(path).cloned()).collect()
    }

    /// Opens a root; may block. Without room for one more open file the one that is held serves on.
    fn open_root(&self, path: &AbsolutePath) {
        let root = match Root::open(path.clone()) {
            Ok(root) => root.map(Arc::new),
            Err(errno) => {
                tracing::warn!(target: "cofferdam", %path, error = %errno, "a granted root cannot be opened");
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
                    tracing::warn!(target: "cofferdam", %path, "a granted root is not there");
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
        // It goes on, and so does the mark, until the file system answers, or whoever runs it is
        // gone.
        tokio::spawn(blocking(move || {
            under_way.shared.open_root(&under_way.path);
            Ok(())
        }));
        begun
    }

    /// Opens a root on a thread of its own. It is waited for no longer than its file system may
    /// take that answers at all: others' files are not to wait for one that does not.
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
    pub(super) shared: Arc<SharedFiles>,
    hasher: RandomState,
}

impl Files {
    pub fn new(shared: Arc<SharedFiles>) -> Self {
        Self { shared, hasher: RandomState::new() }
    }

    /// The granted roots, each with what is there now.
    pub(super) async fn roots(&self, granted: Vec<AbsolutePath>) -> Vec<(AbsolutePath, Result<Arc<Root>, ErrorCode>)> {
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
    pub(super) fn hash(&self, device: u64, inode: u64) -> (u64, u64) {
        (self.hasher.hash_one((device, inode, 0_u8)), self.hasher.hash_one((device, inode, 1_u8)))
    }
}
