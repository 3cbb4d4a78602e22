//! Peers out of Debian's packages: of the machine's own release, or of the newest. Unpacked, not
//! installed, and run where they lie.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt::{self, Apt, Distribution};
use crate::{Error, Progress, cache};

/// An unpacked package and the libraries this machine lacked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    root: PathBuf,
    /// The dynamic loader of its own C library, where the machine's is too old.
    loader: Option<PathBuf>,
}

impl Peer {
    /// The folder that stands for `/`: `usr/sbin/ngircd` is in it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// One of its programs, by its path without the first slash, with its libraries in reach.
    ///
    /// The program still looks for its configuration in the machine's `/etc`: tell it where else,
    /// by its own options.
    pub fn command(&self, program: &str) -> Command {
        let own = ["usr/lib", "lib"].map(|folder| self.root.join(folder).join(apt::multiarch()));
        let program = self.root.join(program);
        if let Some(loader) = &self.loader {
            // What the program starts in turn is the machine's own, so the libraries are named to
            // this one alone.
            let mut command = Command::new(loader);
            let paths = own.map(|folder| folder.to_string_lossy().into_owned()).join(":");
            command.args(["--library-path", &paths, "--argv0"]).arg(&program).arg(&program);
            return command;
        }
        let mut command = Command::new(program);
        let outer = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        let all = own.iter().cloned().chain(std::env::split_paths(&outer).filter(|path| path.is_absolute()));
        // Only a folder with a `:` in its name cannot be joined; then the machine's libraries have
        // to do.
        command.env("LD_LIBRARY_PATH", std::env::join_paths(all).unwrap_or(outer));
        command
    }
}

/// A package of the machine's own Debian or Ubuntu release, or several with blanks between them,
/// with the shared libraries that they need and this machine lacks.
///
/// # Errors
/// If the machine is neither, its archive cannot be reached, or has no such package.
pub fn debian(name: &str, progress: Progress<'_>) -> Result<Peer, Error> {
    peer(name, progress).map_err(|error| error.during(&format!("peer `{name}`")))
}

fn peer(name: &str, progress: Progress<'_>) -> Result<Peer, Error> {
    let machine = Distribution::of_this_machine().filter(|machine| ["debian", "ubuntu"].contains(&machine.id.as_str()));
    let machine = machine.ok_or_else(|| {
        Error::new("this machine is neither Debian nor Ubuntu")
            .hint("run the tests on Debian or Ubuntu, in a container perhaps")
    })?;
    let archive = apt::main_archive(&machine)?;
    let names: Vec<&str> = name.split_whitespace().collect();
    let root = cache::root()?.join("peers").join(format!("{}-{}", names.join("+"), archive.suite));
    cache::keep(&root, progress, |progress| {
        let apt = Apt::open(&archive, &archive.suite, progress)?;
        let installed = apt::installed()?;
        let packages = apt.with_libraries(&names, &|dependency| installed.contains(dependency))?;
        let files = root.join("packages");
        apt.download(&packages, &files, &format!("peer `{name}`"), progress)?;
        apt::unpack(&files, &root)?;
        cache::remove_dir(&files)
    })?;
    Ok(Peer { root, loader: None })
}

/// A package of the newest Debian there is, or several with blanks between them, with every library
/// they need: what the machine's own release has may be years old.
///
/// # Errors
/// If the machine is no Debian, its archive cannot be reached, or has no such package.
pub fn newest(name: &str, progress: Progress<'_>) -> Result<Peer, Error> {
    fetched(name, progress).map_err(|error| error.during(&format!("peer `{name}` of Debian {}", apt::NEWEST)))
}

fn fetched(name: &str, progress: Progress<'_>) -> Result<Peer, Error> {
    let archive = apt::debian_archive()?.ok_or_else(|| {
        Error::new("this machine is not a Debian").hint("run the tests on Debian, in a container perhaps")
    })?;
    let names: Vec<&str> = name.split_whitespace().collect();
    let root = cache::root()?.join("peers").join(format!("{}-{}", names.join("+"), apt::NEWEST));
    cache::keep(&root, progress, |progress| {
        let apt = Apt::open(&archive, apt::NEWEST, progress)?;
        let packages = apt.with_libraries(&names, &|_| false)?;
        let files = root.join("packages");
        apt.download(&packages, &files, &format!("peer `{name}`"), progress)?;
        apt::unpack(&files, &root)?;
        cache::remove_dir(&files)
    })?;
    let loader = root.join(apt::loader(&root)?);
    Ok(Peer { root, loader: Some(loader) })
}
