//! apt as an ordinary user: an archive's packages fetched and unpacked into private folders.
//!
//! Nothing is installed, and nothing of the machine's own apt is changed. Its settings for the
//! network (proxies, certificates, passwords) stay in force.

mod deb822;
mod packages;
mod sources;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

pub(crate) use packages::Package;
pub(crate) use sources::{Archive, Distribution, main_archive};

use crate::process::{self, Event};
use crate::{Error, Progress, cache};

/// The suite for what is newer than the machine's own release: its Rust is new enough for the
/// guests' crates, and its programs know what the newest RFCs say. Later releases of Debian will do
/// as well.
pub(crate) const NEWEST: &str = "forky";

/// Package lists younger than this are not fetched again.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// A private apt with one suite of one archive.
pub(crate) struct Apt {
    config: PathBuf,
    suite: String,
    _lock: cache::Lock,
}

impl Apt {
    /// Sets up a private apt for `suite` of `archive`, and fetches its package lists unless they
    /// are fresh.
    pub(crate) fn open(archive: &Archive, suite: &str, progress: Progress<'_>) -> Result<Self, Error> {
        let folder = cache::root()?.join("apt").join(suite);
        let lock = cache::lock(&folder, progress)?;
        for part in ["lists/partial", "cache/archives/partial", "state"] {
            cache::create_dir(&folder.join(part))?;
        }
        let config = folder.join("apt.conf");
        cache::write(&folder.join("status"), "")?;
        cache::write(&folder.join("archive.sources"), &source(archive, suite, architecture()?))?;
        cache::write(&config, &configuration(&folder))?;
        let apt = Self { config, suite: suite.to_owned(), _lock: lock };

        if !is_fresh(&folder.join("updated")) {
            progress(&format!("fetching the package lists of `{suite}` from {}…", archive.uri));
            process::run(apt.command("apt-get").arg("update").arg("--error-on=any"), None, &mut |_| {})
                .map_err(|error| error.hint(format!("can this machine reach `{}`?", archive.uri)))?;
            cache::write(&folder.join("updated"), "")?;
        }
        Ok(apt)
    }

    /// The packages of these names, and the shared libraries they need in turn. `has` names what
    /// need not be fetched.
    pub(crate) fn with_libraries(&self, names: &[&str], has: &dyn Fn(&str) -> bool) -> Result<Vec<Package>, Error> {
        let mut wanted = self.show(names.iter().map(|name| (*name).to_owned()))?;
        for name in names {
            if !wanted.iter().any(|package| package.name == *name) {
                return Err(Error::new(format!("suite `{}` has no package `{name}`", self.suite)));
            }
        }
        let mut asked: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut latest = wanted.clone();
        while !latest.is_empty() {
            let dependencies = latest.iter().flat_map(|package| package.depends.iter());
            let new: BTreeSet<String> =
                dependencies.filter(|name| !asked.contains(*name) && !has(name)).cloned().collect();
            asked.extend(new.iter().cloned());
            latest = self.show(new)?;
            latest.retain(|package| package.is_library);
            wanted.extend(latest.iter().cloned());
        }
        Ok(wanted)
    }

    /// What apt knows of these packages; a virtual package, or one that is not there, is left out.
    fn show(&self, names: impl IntoIterator<Item = String>) -> Result<Vec<Package>, Error> {
        let mut names = names.into_iter().peekable();
        if names.peek().is_none() {
            return Ok(Vec::new());
        }
        let output = self
            .command("apt-cache")
            .args(["show", "--no-all-versions"])
            .args(names)
            .output()
            .map_err(|error| Error::new(format!("cannot run `apt-cache`: {error}")))?;
        Ok(packages::parse(&String::from_utf8_lossy(&output.stdout)))
    }

    /// Fetches the packages' files into `folder`; files that are there already are kept.
    pub(crate) fn download(
        &self,
        packages: &[Package],
        folder: &Path,
        what: &str,
        progress: Progress<'_>,
    ) -> Result<(), Error> {
        cache::create_dir(folder)?;
        let total: u64 = packages.iter().map(|package| package.size).sum();
        progress(&format!("{what}: downloading {} Debian packages ({})…", packages.len(), megabytes(total)));
        let mut apt = self.command("apt-get");
        apt.arg("download").args(packages.iter().map(|package| format!("{}={}", package.name, package.version)));
        process::run(apt.current_dir(folder), None, &mut |event| {
            if let Event::Tick = event {
                progress(&format!("{what}: {} of {}", megabytes(size_of(folder)), megabytes(total)));
            }
        })
    }

    /// One of apt's programs with the private configuration, in a language we can read.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").arg("-c").arg(&self.config).arg("-q");
        command
    }
}

/// Unpacks every package file in `files` over each other into `root`.
pub(crate) fn unpack(files: &Path, root: &Path) -> Result<(), Error> {
    cache::create_dir(root)?;
    for file in cache::entries(files).iter().filter(|file| file.extension().is_some_and(|ending| ending == "deb")) {
        process::capture(Command::new("dpkg-deb").arg("--extract").arg(file).arg(root))?;
    }
    Ok(())
}

/// The packages that are installed on this machine.
pub(crate) fn installed() -> Result<BTreeSet<String>, Error> {
    let lines = process::capture(Command::new("dpkg-query").args([
        "--show",
        "--showformat",
        "${Package} ${db:Status-Status}\\n",
    ]))?;
    Ok(lines.lines().filter_map(|line| line.strip_suffix(" installed")).map(str::to_owned).collect())
}

/// The machine's own Debian mirror, with `main` alone; `None` where the machine is not a Debian.
pub(crate) fn debian_archive() -> Result<Option<Archive>, Error> {
    let Some(machine) = Distribution::of_this_machine().filter(|machine| machine.id == "debian") else {
        return Ok(None);
    };
    let archive = main_archive(&machine)?;
    Ok(Some(Archive { components: vec!["main".to_owned()], ..archive }))
}

/// The dynamic loader among unpacked packages, whose place differs between architectures.
pub(crate) fn loader(unpacked: &Path) -> Result<&'static str, Error> {
    const PLACES: [&str; 3] =
        ["usr/lib64/ld-linux-x86-64.so.2", "usr/lib/ld-linux-aarch64.so.1", "lib64/ld-linux-x86-64.so.2"];
    PLACES.into_iter().find(|place| unpacked.join(place).exists()).ok_or_else(|| {
        Error::new(format!("no dynamic loader among Debian's packages for `{}`", std::env::consts::ARCH))
    })
}

/// The folder name under which this machine's kind keeps its libraries, such as `x86_64-linux-gnu`.
pub(crate) fn multiarch() -> String {
    format!("{}-linux-gnu", std::env::consts::ARCH)
}

fn architecture() -> Result<&'static str, Error> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => Err(Error::new(format!("Debian packages are not used on `{other}`, only on x86_64 and aarch64"))),
    }
}

/// A `.sources` file for one suite. Only the package list is a target: no descriptions, icons or
/// contents.
fn source(archive: &Archive, suite: &str, architecture: &str) -> String {
    let mut text = format!(
        "Types: deb\nURIs: {}\nSuites: {suite}\nComponents: {}\nArchitectures: {architecture}\nTargets: Packages\n",
        archive.uri,
        archive.components.join(" "),
    );
    if let Some(key) = &archive.signed_by {
        // The first line of a key block is empty, and its others are indented as they stood.
        text.push_str(&format!("Signed-By: {key}\n"));
    }
    if archive.trusted {
        text.push_str("Trusted: yes\n");
    }
    text
}

/// The configuration that keeps apt inside `folder`, and needs no root. Read after the machine's
/// own (apt.conf(5)), so it can take back the machine's hooks, pins and default release.
fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r#"#clear APT::Default-Release;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "{folder}/state";
Dir::State::Lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Log "{folder}";
Dir::Etc::sourcelist "{folder}/archive.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "root";
Debug::NoLocking "true";
Acquire::Languages "none";
Acquire::Retries "3";
"#
    )
}

fn is_fresh(stamp: &Path) -> bool {
    let age = stamp
        .metadata()
        .and_then(|data| data.modified())
        .ok()
        .and_then(|time| SystemTime::now().duration_since(time).ok());
    age.is_some_and(|age| age < FRESH)
}

fn size_of(folder: &Path) -> u64 {
    let files = cache::entries(folder);
    let nested = cache::entries(&folder.join("partial"));
    files
        .iter()
        .chain(&nested)
        .filter_map(|file| file.metadata().ok())
        .filter(|data| data.is_file())
        .map(|data| data.len())
        .sum()
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_private_source_keeps_the_machines_key_and_trust() {
        let archive = Archive {
            uri: "http://mirror.example/debian".into(),
            suite: "bookworm".into(),
            components: vec!["main".into(), "contrib".into()],
            signed_by: Some("\n BEGIN\n .\n END".into()),
            trusted: true,
        };
        let text = source(&archive, "forky", "amd64");
        let read = &deb822::paragraphs(&text)[0];
        assert_eq!(read.get("Suites"), Some("forky"));
        assert_eq!(read.get("Signed-By").unwrap().trim_start(), "BEGIN\n .\n END");
        assert_eq!(read.get("Trusted"), Some("yes"));
        assert_eq!(read.words("Components"), ["main", "contrib"]);
    }
}
