//! What apt knows of packages: the part of `apt-cache show` that says what to fetch, and which
//! dependencies come along.

use super::deb822;

/// A package as its archive describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The download's size in bytes.
    pub(crate) size: u64,
    /// Whether it is a shared library: the kind of dependency without which a program does not
    /// start.
    pub(crate) is_library: bool,
    /// The packages it depends on; of alternatives the first, as apt would take it.
    pub(crate) depends: Vec<String>,
}

/// The packages in the output of `apt-cache show`.
pub(crate) fn parse(text: &str) -> Vec<Package> {
    deb822::paragraphs(text).iter().filter_map(package).collect()
}

fn package(paragraph: &deb822::Paragraph) -> Option<Package> {
    let section = paragraph.get("Section").unwrap_or_default();
    let depends =
        ["Pre-Depends", "Depends"].into_iter().filter_map(|field| paragraph.get(field)).flat_map(dependencies);
    Some(Package {
        name: paragraph.get("Package")?.to_owned(),
        version: paragraph.get("Version")?.to_owned(),
        size: paragraph.get("Size")?.parse().ok()?,
        // The section may carry its component in front, as in `non-free/libs`.
        is_library: section.rsplit('/').next() == Some("libs"),
        depends: depends.collect(),
    })
}

/// The names in a dependency field such as `a (>= 1.0), b:any | c, d [amd64]`.
fn dependencies(field: &str) -> impl Iterator<Item = String> {
    field.split(',').filter_map(|dependency| {
        let first = dependency.split('|').next()?;
        let name = first.split([' ', '\n', '(', '[', ':']).find(|word| !word.is_empty())?;
        Some(name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apt_cache_shows() {
        let text = "\
Package: libllvm22
Version: 1:22.1.8-1+b2
Pre-Depends: libc6:any
Depends: libedit2 (>= 2.11-20080614-0), libffi8,
 zlib1g [amd64] (>= 1:1.2.0) | other
Description: toolchain
 technologies
Section: libs
Size: 29425708

Package: rustc
Version: 1.97.1+dfsg1-1
Section: rust
Size: 4494600

Package: no-size
Version: 1
";
        let all = parse(text);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].name, "libllvm22");
        assert_eq!(all[0].depends, ["libc6", "libedit2", "libffi8", "zlib1g"]);
        assert_eq!((all[0].size, all[0].is_library), (29_425_708, true));
        assert_eq!((all[1].version.as_str(), all[1].is_library), ("1.97.1+dfsg1-1", false));
        assert_eq!(all[1].depends, [""; 0]);
    }
}
