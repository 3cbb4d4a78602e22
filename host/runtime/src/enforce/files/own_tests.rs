//! Our own files are recognised under every name, and nobody else's are.

use std::fs;

use super::*;

fn holds(own: &OwnFiles, path: &Path) -> bool {
    let real = fs::canonicalize(path).unwrap();
    own.holds(&stat(path).unwrap(), &AbsolutePath::parse(real.as_os_str().as_bytes()).unwrap())
}

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cofferdam-own-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, name).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn i16_our_files_are_recognised_under_every_name() {
    let scratch = Scratch::new("names");
    let policy = scratch.file("policy.toml");
    let audit = scratch.file("log/audit.jsonl");
    let cached = scratch.file("cache/code/abc");
    let own = OwnFiles::new(vec![policy.clone()], vec![audit.clone()], vec![scratch.0.join("cache")]);
    let rotated = scratch.file("log/audit.jsonl.1");
    for (index, path) in [&policy, &audit, &rotated, &cached].into_iter().enumerate() {
        assert!(holds(&own, path), "{}", path.display());
        let second = scratch.0.join(format!("second-{index}"));
        fs::hard_link(path, &second).unwrap();
        assert!(holds(&own, &second), "{}", path.display());
        let link = scratch.0.join(format!("link-{index}"));
        std::os::unix::fs::symlink(path, &link).unwrap();
        assert!(holds(&own, &link), "{}", path.display());
    }
    assert!(holds(&own, &scratch.0.join("cache")) && holds(&own, &scratch.0.join("cache/code")));
}

#[test]
fn i16_what_is_not_ours_is_not_held_back() {
    let scratch = Scratch::new("others");
    let audit = scratch.file("log/audit.jsonl");
    scratch.file("cache/x");
    let folders = vec![scratch.0.join("cache"), scratch.0.join("not-there")];
    let own = OwnFiles::new(vec![scratch.0.join("policy.toml")], vec![audit], folders);
    let other = scratch.file("log/syslog");
    assert!(!holds(&own, &other) && !holds(&own, &scratch.0.join("log")) && !holds(&own, &scratch.0));
    fs::hard_link(&other, scratch.0.join("twin")).unwrap();
    assert!(!holds(&own, &scratch.0.join("twin")));
    assert!(!holds(&OwnFiles::default(), &other));
}

#[test]
fn i16_a_file_that_replaces_ours_is_ours() {
    let scratch = Scratch::new("replaced");
    let policy = scratch.file("policy.toml");
    let own = OwnFiles::new(vec![policy.clone()], Vec::new(), Vec::new());
    let new = scratch.file("policy.toml.new");
    assert!(!holds(&own, &new));
    fs::rename(&new, &policy).unwrap();
    assert!(holds(&own, &policy));
}

#[test]
fn i16_a_file_of_ours_that_is_moved_away_stays_ours() {
    let scratch = Scratch::new("moved");
    let (policy, other) = (scratch.file("policy.toml"), scratch.file("other"));
    let mut own = OwnFiles::new(vec![policy.clone()], Vec::new(), Vec::new());
    own.remember();
    let moved = scratch.0.join("policy.old");
    fs::rename(&policy, &moved).unwrap();
    assert!(holds(&own, &moved) && !holds(&own, &other));
    // What takes its place is ours as well, and no new file gets the number of one that is gone.
    scratch.file("policy.toml");
    assert!(holds(&own, &policy));
    fs::remove_file(&moved).unwrap();
    for name in 0..20 {
        assert!(!holds(&own, &scratch.file(&format!("new-{name}"))));
    }
}
