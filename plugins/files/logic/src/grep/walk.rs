//! Many files: a directory and all below it, in the order of their names, so that a later page can
//! go on where one ended. Links are not followed, and nothing but regular files is visited. However
//! many entries a directory has, a thousand are kept at a time.

use std::collections::VecDeque;
use std::io::{self, Read, Seek};

use globset::{Glob, GlobMatcher};

use crate::list::{Listing, Rank, Sorting};
use crate::path::UserPath;
use crate::source::is_stop;

/// Entries of one directory that are kept at a time.
const BATCH: usize = 1024;

/// How deep the search goes.
const DEPTH: usize = 64;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, a device, a pipe, …
    Other,
}

/// Files by their paths.
pub trait Tree {
    /// An open file.
    type File: Read + Seek + 'static;

    /// Gives every entry of a directory.
    ///
    /// # Errors
    /// It cannot be read.
    fn entries(&mut self, directory: &UserPath, entry: &mut dyn FnMut(String, Kind)) -> io::Result<()>;

    /// Opens a regular file.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&mut self, path: &UserPath) -> io::Result<Self::File>;
}

/// Which files are visited, by their names.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    include: Vec<GlobMatcher>,
    exclude: Vec<GlobMatcher>,
    exclude_dir: Vec<GlobMatcher>,
}

impl Filter {
    /// Reads the globs.
    ///
    /// # Errors
    /// The first that is none, with the reason.
    pub fn new(include: &[String], exclude: &[String], exclude_dir: &[String]) -> Result<Self, String> {
        let globs = |globs: &[String]| {
            let one = |glob: &String| Glob::new(glob).map(|glob| glob.compile_matcher());
            globs.iter().map(one).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())
        };
        Ok(Self { include: globs(include)?, exclude: globs(exclude)?, exclude_dir: globs(exclude_dir)? })
    }

    /// Whether a file of this name is visited.
    pub fn takes(&self, name: &str) -> bool {
        let any = |globs: &[GlobMatcher]| globs.iter().any(|glob| glob.is_match(name));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    fn enters(&self, name: &str) -> bool {
        !self.exclude_dir.iter().any(|glob| glob.is_match(name))
    }
}

/// Whether to go on after a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// With the next.
    Next,
    /// No further.
    Stop,
}

struct Level {
    directory: UserPath,
    batch: VecDeque<(String, Kind)>,
    next: Option<Rank>,
}

fn level<T: Tree>(tree: &mut T, directory: UserPath, after: Option<Rank>) -> io::Result<Level> {
    let mut listing = Listing::new(Sorting::default(), after, BATCH);
    tree.entries(&directory, &mut |name, kind| listing.add(Rank { value: 0, name }, kind))?;
    let (batch, next) = listing.finish();
    let batch = batch.into_iter().map(|(rank, kind)| (rank.name, kind)).collect();
    Ok(Level { directory, batch, next })
}

/// Visits every file below `root`, from `from` on if that is given. A directory that cannot be read
/// is told to `failed`, and left out; false if the visit was stopped.
///
/// # Errors
/// Time is up, or `root` itself cannot be read.
pub fn walk<T: Tree>(
    tree: &mut T,
    root: &UserPath,
    filter: &Filter,
    from: Option<&UserPath>,
    visit: &mut dyn FnMut(&mut T, &UserPath) -> io::Result<Visit>,
    failed: &mut dyn FnMut(&UserPath, io::Error),
) -> io::Result<bool> {
    // What lies before `from` is passed over: in the directories on the way to it, all names
    // before its own part there.
    let parts: Vec<&str> =
        from.and_then(|from| from.below(root.as_str())).map_or(Vec::new(), |p| p.split('/').collect());
    let mut on_the_way = from.is_some();
    let mut stack = vec![level(tree, root.clone(), None)?];
    while let Some(top) = stack.last_mut() {
        let Some((name, kind)) = top.batch.pop_front() else {
            match top.next.take() {
                None => _ = stack.pop(),
                Some(after) => {
                    let directory = top.directory.clone();
                    *top = level(tree, directory, Some(after))?;
                }
            }
            continue;
        };
        let path = top.directory.join(&name);
        if on_the_way && let Some(part) = parts.get(stack.len() - 1) {
            match name.as_str().cmp(part) {
                std::cmp::Ordering::Less => continue,
                std::cmp::Ordering::Equal => on_the_way = stack.len() < parts.len(),
                std::cmp::Ordering::Greater => on_the_way = false,
            }
        }
        match kind {
            Kind::File if filter.takes(&name) => {
                if visit(tree, &path)? == Visit::Stop {
                    return Ok(false);
                }
            }
            Kind::Directory if filter.enters(&name) && stack.len() >= DEPTH => {
                let why = format!("it lies {DEPTH} directories below `{root}`, and no deeper one is searched");
                failed(&path, io::Error::new(io::ErrorKind::Unsupported, why));
            }
            Kind::Directory if filter.enters(&name) => match level(tree, path.clone(), None) {
                Ok(level) => stack.push(level),
                Err(error) if is_stop(&error) => return Err(error),
                Err(error) => failed(&path, error),
            },
            _ => {}
        }
    }
    Ok(true)
}
