//! The guest toolchain out of Debian's packages, for machines that reach a package mirror and not
//! rustup's server.
//!
//! Nothing is installed: the packages are unpacked into one folder of the user's cache and run with
//! their own C library. The linker for components is not among them and comes from the machine's
//! own Rust.

use std::fs;
use std::path::{Path, PathBuf};

use super::{TARGET, Toolchain, active_rustc, has_target, sysroot, version};
use crate::apt::{self, Apt, Archive};
use crate::{Error, Progress, cache};

/// What to fetch; their libraries follow from their dependencies.
const PACKAGES: [&str; 3] = ["rustc", "libstd-rust-dev", "libstd-rust-dev-wasm32"];

/// The toolchain from the cache, fetched first if it is not there.
pub(super) fn ensure(progress: Progress<'_>) -> Result<Toolchain, Error> {
    let linkers = linkers()?;
    let folder = folder()?;
    if let Some(rustc) = newest(&folder) {
        return toolchain(rustc, linkers);
    }
    let _lock = cache::lock(&folder, progress)?;
    let rustc = match newest(&folder) {
        // Another process has fetched it while we waited.
        Some(rustc) => rustc,
        None => fetch(&folder, progress)?,
    };
    toolchain(rustc, linkers)
}

/// The toolchain from the cache, if it is there and works.
pub(super) fn fetched_earlier() -> Option<Toolchain> {
    toolchain(newest(&folder().ok()?)?, linkers().ok()?).ok()
}

fn folder() -> Result<PathBuf, Error> {
    Ok(cache::root()?.join("guest-toolchain"))
}

fn toolchain(rustc: PathBuf, linkers: PathBuf) -> Result<Toolchain, Error> {
    if !has_target(&rustc) {
        return Err(Error::new(format!("`{}` does not run, or has no target `{TARGET}`", rustc.display()))
            .hint("remove the folder of that toolchain from the cache, to have it fetched again"));
    }
    let description = format!("{} from Debian {} ({})", version(&rustc)?, apt::NEWEST, rustc.display());
    Ok(Toolchain { rustc, linkers: Some(linkers), description })
}

/// The wrapper of the newest complete toolchain: there is one folder for each version of Rust.
fn newest(folder: &Path) -> Option<PathBuf> {
    let numbers = |path: &PathBuf| -> Option<Vec<u32>> {
        path.file_name()?.to_str()?.split('.').map(|number| number.parse().ok()).collect()
    };
    let versions = cache::entries(folder).into_iter().filter(|path| cache::is_complete(path));
    let newest = versions.filter_map(|path| Some((numbers(&path)?, path))).max()?;
    Some(wrapper(&newest.1))
}

fn wrapper(toolchain: &Path) -> PathBuf {
    toolchain.join("cofferdam/rustc")
}

/// Fetches and unpacks beside the final place, and moves the whole there last.
fn fetch(folder: &Path, progress: Progress<'_>) -> Result<PathBuf, Error> {
    let packages_at = cache::beside(folder, "packages");
    let unpacked = cache::beside(folder, "partial");

    let apt = Apt::open(&archive()?, apt::NEWEST, progress)?;
    let packages = apt.with_libraries(&PACKAGES, &|_| false)?;
    // What an interrupted run has fetched is kept; a file of another version would be unpacked
    // along with the right one.
    if !is_fetched_for(&packages_at, &packages) {
        cache::remove_dir(&packages_at)?;
    }
    apt.download(&packages, &packages_at, "guest toolchain", progress)?;

    progress("guest toolchain: unpacking…");
    cache::remove_dir(&unpacked)?;
    apt::unpack(&packages_at, &unpacked)?;
    let rust = packages.iter().find(|package| package.name == PACKAGES[0]).map_or("", |package| &package.version);
    let place = folder.join(upstream(rust));
    write_wrapper(&unpacked, &place)?;
    cache::complete(&unpacked)?;

    cache::create_dir(folder)?;
    cache::remove_dir(&place)?;
    fs::rename(&unpacked, &place).map_err(Error::at("move into place", &unpacked))?;
    cache::remove_dir(&packages_at)?;
    progress(&format!("guest toolchain: ready in {}", place.display()));
    Ok(wrapper(&place))
}

/// Whether every package file in a folder is one of these packages. Files are named
/// `name_version_architecture.deb`.
fn is_fetched_for(files: &Path, packages: &[apt::Package]) -> bool {
    cache::entries(files)
        .iter()
        .filter_map(|file| file.file_name()?.to_str())
        .filter(|name| name.ends_with(".deb"))
        .all(|name| {
            // An epoch's colon is escaped in file names.
            packages
                .iter()
                .any(|package| name.starts_with(&format!("{}_{}_", package.name, package.version.replace(':', "%3a"))))
        })
}

/// The upstream part of a Debian version: `1.97.1` of `1.97.1+dfsg1-1`.
fn upstream(version: &str) -> &str {
    let end = version.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(version.len());
    &version[..end]
}

/// The folder with `wasm-component-ld` and `rust-lld` of the machine's own Rust.
fn linkers() -> Result<PathBuf, Error> {
    let own = sysroot(&active_rustc()?)?;
    let folder = own.join(format!("lib/rustlib/{}-unknown-linux-gnu/bin", std::env::consts::ARCH));
    if !folder.join("wasm-component-ld").is_file() {
        return Err(Error::new(format!("no `wasm-component-ld` in `{}`", folder.display()))
            .hint("it comes with a Rust that rustup has installed"));
    }
    Ok(folder)
}

/// The machine's own Debian mirror: all that is known to be reachable from here.
fn archive() -> Result<Archive, Error> {
    apt::debian_archive()?
        .ok_or_else(|| Error::new("this is not a Debian machine").hint(format!("run `rustup target add {TARGET}`")))
}

/// A script that stands in for rustc: the machine's own C library is too old for it, so it runs
/// with the one it came with.
fn write_wrapper(unpacked: &Path, place: &Path) -> Result<(), Error> {
    let loader = apt::loader(unpacked)?;
    let root = quoted(place)?;
    let script = format!(
        "#!/bin/sh\nR={root}\nexec \"$R/{loader}\" --library-path \"$R/usr/lib/{libraries}\" --argv0 \"$R/usr/bin/rustc\" \
         \"$R/usr/bin/rustc\" --sysroot \"$R/usr\" \"$@\"\n",
        libraries = apt::multiarch(),
    );
    let path = wrapper(unpacked);
    cache::create_dir(path.parent().unwrap_or(unpacked))?;
    cache::write(&path, &script)?;
    cache::make_executable(&path)
}

/// A path as one word for the shell.
fn quoted(path: &Path) -> Result<String, Error> {
    let text = path.to_str().ok_or_else(|| Error::new(format!("`{}` is not UTF-8", path.display())))?;
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::tests::scratch;

    #[test]
    fn the_newest_complete_version_counts_by_number() {
        let folder = scratch("newest");
        for name in ["1.97.1", "1.100.0", "1.101.0", "downloads"] {
            cache::create_dir(&folder.join(name)).unwrap();
        }
        assert_eq!(newest(&folder), None, "none is complete");
        for name in ["1.97.1", "1.100.0", "downloads"] {
            cache::complete(&folder.join(name)).unwrap();
        }
        assert_eq!(newest(&folder), Some(wrapper(&folder.join("1.100.0"))));
        cache::remove_dir(&folder).unwrap();
    }

    #[test]
    fn versions_and_paths_as_they_are_written() {
        assert_eq!(upstream("1.97.1+dfsg1-1"), "1.97.1");
        assert_eq!(upstream("1.98.0~beta.3-1"), "1.98.0");
        assert_eq!(quoted(Path::new("/home/o'brien/x y")).unwrap(), r"'/home/o'\''brien/x y'");
    }

    #[test]
    fn files_of_another_version_are_noticed() {
        let folder = scratch("fetched");
        let package = apt::Package {
            name: "libllvm22".into(),
            version: "1:22.1.8-1+b2".into(),
            size: 1,
            is_library: true,
            depends: Vec::new(),
        };
        cache::write(&folder.join("libllvm22_1%3a22.1.8-1+b2_amd64.deb"), "").unwrap();
        assert!(is_fetched_for(&folder, std::slice::from_ref(&package)));
        cache::write(&folder.join("libllvm22_1%3a22.1.7-1_amd64.deb"), "").unwrap();
        assert!(!is_fetched_for(&folder, &[package]));
        cache::remove_dir(&folder).unwrap();
    }
}
