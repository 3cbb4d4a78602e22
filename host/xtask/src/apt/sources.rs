//! Which package archive this machine uses, read from its own apt sources, in both formats of
//! sources.list(5).
//!
//! The machine's mirror is the only one known to be reachable from it. Nothing is fetched here.

use std::fs;
use std::path::Path;

use super::deb822;
use crate::{Error, cache};

/// A place to get packages from: one URI of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Archive {
    pub(crate) uri: String,
    /// The machine's own suite there, such as `bookworm`.
    pub(crate) suite: String,
    pub(crate) components: Vec<String>,
    /// The value of `Signed-By`: a key file's path, a fingerprint, or a whole key block over
    /// several lines.
    pub(crate) signed_by: Option<String>,
    /// `Trusted: yes`, as some companies' own mirrors need.
    pub(crate) trusted: bool,
}

/// The distribution, from os-release(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distribution {
    /// `debian`, `ubuntu`, …
    pub(crate) id: String,
    /// `bookworm`, …; empty on a machine that follows `unstable`.
    pub(crate) codename: String,
}

impl Distribution {
    /// This machine's; none where there is no os-release.
    pub(crate) fn of_this_machine() -> Option<Self> {
        let text = fs::read_to_string("/etc/os-release").ok()?;
        Some(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned()
        };
        Self { id: value("ID"), codename: value("VERSION_CODENAME") }
    }
}

/// The archive that carries this machine's distribution itself: not its security updates, not a
/// third party's.
pub(crate) fn main_archive(distribution: &Distribution) -> Result<Archive, Error> {
    let mut all = Vec::new();
    let folder = cache::entries(Path::new("/etc/apt/sources.list.d"));
    for path in folder.iter().map(std::path::PathBuf::as_path).chain([Path::new("/etc/apt/sources.list")]) {
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("list") => all.extend(one_line(&text)),
            Some("sources") => all.extend(sources(&text)),
            // apt ignores files of every other ending, and so do we.
            _ => {}
        }
    }
    choose(all, distribution).ok_or_else(|| {
        Error::new(format!(
            "no apt source in `/etc/apt` carries `{} main` of this machine's own distribution",
            distribution.codename
        ))
        .hint("add the distribution's own archive to `/etc/apt/sources.list.d`")
    })
}

/// The best of the archives that have the distribution's `main`, if any; of equals the first, as
/// apt would.
fn choose(all: Vec<Archive>, distribution: &Distribution) -> Option<Archive> {
    /// A source may follow the distribution under a name that outlives releases.
    const ALIASES: [&str; 5] = ["stable", "testing", "unstable", "sid", "oldstable"];

    let own_path = format!("/{}", distribution.id);
    let own_key = format!("/{}-archive-keyring", distribution.id);
    let rank = |archive: &Archive| {
        let at_own_path = archive.uri.trim_end_matches('/').ends_with(&own_path);
        let with_own_key = archive.signed_by.as_ref().is_some_and(|key| key.contains(&own_key));
        (at_own_path, with_own_key, archive.suite == distribution.codename)
    };
    let serves = |archive: &Archive| {
        let is_suite = archive.suite == distribution.codename || ALIASES.contains(&archive.suite.as_str());
        is_suite && archive.components.iter().any(|component| component == "main") && !archive.uri.starts_with("cdrom:")
    };
    all.into_iter().filter(serves).reduce(|best, next| if rank(&next) > rank(&best) { next } else { best })
}

/// The archives of a `.sources` file: one for each URI and suite.
fn sources(text: &str) -> Vec<Archive> {
    let mut all = Vec::new();
    for paragraph in deb822::paragraphs(text) {
        let says = |field: &str, values: &[&str]| {
            paragraph.get(field).is_some_and(|value| values.contains(&value.to_ascii_lowercase().as_str()))
        };
        if says("Enabled", &["no", "false", "0"]) || !paragraph.words("Types").iter().any(|kind| kind == "deb") {
            continue;
        }
        for uri in paragraph.words("URIs") {
            all.extend(paragraph.words("Suites").into_iter().map(|suite| Archive {
                uri: uri.clone(),
                suite,
                components: paragraph.words("Components"),
                signed_by: paragraph.get("Signed-By").filter(|key| !key.is_empty()).map(str::to_owned),
                trusted: says("Trusted", &["yes", "true", "1"]),
            }));
        }
    }
    all
}

/// The archives of a `.list` file: lines of `deb [option=value …] uri suite component…`.
fn one_line(text: &str) -> Vec<Archive> {
    text.lines().filter_map(archive_of_line).collect()
}

fn archive_of_line(line: &str) -> Option<Archive> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let rest = line.strip_prefix("deb")?;
    if !rest.starts_with([' ', '\t', '[']) {
        return None; // `deb-src`
    }
    let rest = rest.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let option = |wanted: &str| {
        options.split_whitespace().find_map(|option| {
            let (name, value) = option.split_once('=')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
        })
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Archive {
        uri: words.next()?,
        suite: words.next()?,
        components: words.collect(),
        signed_by: option("signed-by"),
        trusted: option("trusted").is_some_and(|value| value == "yes"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: &str = "\
Types: deb
# http://snapshot.example/archive/debian/20250520T000000Z
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
";

    fn bookworm() -> Distribution {
        Distribution { id: "debian".into(), codename: "bookworm".into() }
    }

    fn chosen(all: Vec<Archive>) -> Option<String> {
        choose(all, &bookworm()).map(|archive| format!("{} {}", archive.uri, archive.suite))
    }

    #[test]
    fn the_paragraph_format_of_debians_images() {
        let archive = choose(sources(SOURCES), &bookworm()).unwrap();
        assert_eq!(archive.uri, "http://mirror.example/debian");
        assert_eq!(archive.suite, "bookworm");
        assert_eq!(archive.components, ["main"]);
        assert_eq!(archive.signed_by.as_deref(), Some("/usr/share/keyrings/debian-archive-keyring.gpg"));
        assert!(!archive.trusted);
    }

    #[test]
    fn the_one_line_format_with_and_without_options() {
        let text = "\
# deb http://commented.example/debian bookworm main
deb-src http://deb.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb\t[ arch=amd64 Signed-By=/k.gpg trusted=yes ] https://mirror.corp.example/debian/ bookworm main contrib # ours
";
        let archive = choose(one_line(text), &bookworm()).unwrap();
        assert_eq!(archive.uri, "https://mirror.corp.example/debian/");
        assert_eq!(archive.components, ["main", "contrib"]);
        assert_eq!(archive.signed_by.as_deref(), Some("/k.gpg"));
        assert!(archive.trusted);
        assert_eq!(
            chosen(one_line("deb http://ftp.example/debian bookworm main")).unwrap(),
            "http://ftp.example/debian bookworm"
        );
    }

    #[test]
    fn a_third_partys_archive_of_the_same_suite_is_not_the_distributions() {
        let text = "\
deb https://apt.releases.example.com bookworm main
deb https://apt.postgresql.example/pub/repos/apt bookworm-pgdg main
deb https://download.docker.example/linux/debian bookworm stable
deb http://mirror.example/debian bookworm main
deb http://second.example/debian bookworm main
";
        assert_eq!(chosen(one_line(text)).unwrap(), "http://mirror.example/debian bookworm");
    }

    #[test]
    fn a_mirror_list_of_a_cloud_image_is_found_by_its_key() {
        let text = SOURCES.replace("http://mirror.example/debian\n", "mirror+file:///etc/apt/mirrors/debian.list\n");
        let both = [one_line("deb https://apt.vendor.example bookworm main"), sources(&text)].concat();
        assert_eq!(chosen(both).unwrap(), "mirror+file:///etc/apt/mirrors/debian.list bookworm");
    }

    #[test]
    fn disabled_and_source_only_and_broken_entries_are_passed_over() {
        assert_eq!(chosen(sources(&SOURCES.replace("Components: main", "Components: main\nEnabled: no"))), None);
        assert_eq!(chosen(sources(&SOURCES.replace("Types: deb", "Types: deb-src"))), None);
        assert_eq!(
            chosen(one_line("deb [arch=amd64 http://broken/debian bookworm main\ndeb http://short\ndeb\ndebian x y z")),
            None
        );
        assert_eq!(chosen(one_line("deb cdrom:[Debian]/ bookworm main")), None);
    }

    #[test]
    fn an_alias_serves_where_the_codename_is_not_written() {
        let text = "deb http://a.example/debian stable main";
        assert_eq!(chosen(one_line(text)).unwrap(), "http://a.example/debian stable");
        let both = format!("{text}\ndeb http://b.example/debian bookworm main");
        assert_eq!(chosen(one_line(&both)).unwrap(), "http://b.example/debian bookworm");
    }

    #[test]
    fn os_release_with_and_without_quotes() {
        let text =
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=\"debian\"\nID_LIKE=x\n";
        assert_eq!(Distribution::parse(text), bookworm());
        assert_eq!(Distribution::parse("ID=debian\n").codename, "");
    }
}
