//! What a deny rule leads to is known under every name, and nothing else is.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::*;

fn absolute(path: &Path) -> AbsolutePath {
    AbsolutePath::parse(path.as_os_str().as_bytes()).unwrap()
}

/// A folder of this test's own, by its real path.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cofferdam-denied-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::canonicalize(folder).unwrap()
}

/// How the rule spells what is really there; both ways of looking have to agree, where both can
/// answer.
fn spelled(rule: &Path, real: &Path) -> Option<PathBuf> {
    let (rule, real) = (absolute(rule), absolute(real));
    let waited = denied_as([&rule].into_iter(), &real, false).unwrap();
    if let Ok(at_hand) = denied_as([&rule].into_iter(), &real, true) {
        assert_eq!(at_hand, waited);
    }
    waited.map(|path| PathBuf::from(path.to_string()))
}

#[test]
fn a_rule_through_a_link_speaks_of_what_is_there() {
    let root = scratch("links");
    fs::create_dir_all(root.join("real/sub")).unwrap();
    fs::write(root.join("real/sub/file"), "x").unwrap();
    fs::write(root.join("beside"), "x").unwrap();
    symlink("real", root.join("link")).unwrap();
    symlink("real/sub/file", root.join("one")).unwrap();
    let link = root.join("link");
    assert_eq!(spelled(&link, &root.join("real/sub/file")), Some(link.join("sub/file")));
    assert_eq!(spelled(&link.join("sub"), &root.join("real/sub")), Some(link.join("sub")));
    assert_eq!(spelled(&root.join("one"), &root.join("real/sub/file")), Some(root.join("one")));
    // Also what is not there yet: the part that is there is followed, the rest taken as written.
    let later = link.join("later");
    assert_eq!(spelled(&later, &root.join("real/later/file")), Some(later.join("file")));
    for other in ["beside", "real/sub/file", "later"] {
        assert_eq!(spelled(&later, &root.join(other)), None, "{other}");
    }
    // A link that leads elsewhere from now on denies what is there from now on.
    fs::remove_file(&link).unwrap();
    fs::create_dir(root.join("other")).unwrap();
    symlink("other", &link).unwrap();
    assert_eq!(spelled(&link, &root.join("other/x")), Some(link.join("x")));
    assert_eq!(spelled(&link, &root.join("real/sub/file")), None);
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn a_second_name_of_a_denied_file_is_that_file() {
    let root = scratch("names");
    fs::write(root.join("file"), "x").unwrap();
    fs::hard_link(root.join("file"), root.join("twin")).unwrap();
    fs::write(root.join("other"), "x").unwrap();
    assert_eq!(spelled(&root.join("file"), &root.join("twin")), Some(root.join("file")));
    assert_eq!(spelled(&root.join("file"), &root.join("other")), None);
    // A rule that leads in a circle, or through a file, is one about its spelling.
    symlink("circle", root.join("circle")).unwrap();
    for odd in ["circle/x", "file/x"] {
        assert_eq!(spelled(&root.join(odd), &root.join(odd)), Some(root.join(odd)), "{odd}");
        assert_eq!(spelled(&root.join(odd), &root.join("other")), None, "{odd}");
    }
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn without_deny_rules_nothing_is_looked_at() {
    let nowhere = absolute(Path::new("/nowhere/at/all"));
    assert!(denied_as([].into_iter(), &nowhere, true).unwrap().is_none());
    assert_eq!(spelled(Path::new("/"), Path::new("/nowhere/at/all")), Some(PathBuf::from("/nowhere/at/all")));
}
