//! Paths as users spell them: absolute, as `ls -l` on the machine shows them. `..` is
//! resolved in the text, before anything is opened: what comes out never climbs, and the host
//! looks at the real path besides.

use std::fmt;

/// The longest path (Linux's `PATH_MAX`), in bytes.
const LONGEST: usize = 4096;

/// An absolute path without `.`, `..` and empty parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserPath(String);

/// A text that names no file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing at all.
    #[error("is empty; write the whole path, such as `/var/log/syslog`")]
    Empty,
    /// It begins at a working directory, and there is none.
    #[error("`{0}` is relative, and there is no working directory; write the whole path, such as `/var/log/syslog`")]
    Relative(String),
    /// It begins at a home directory, and there is none.
    #[error("`{0}` begins with `~`, which is not expanded here; write the whole path, such as `/srv/ada/notes.txt`")]
    Home(String),
    /// A NUL, which no path can hold.
    #[error("holds a NUL character, which no path can")]
    Nul,
    /// Longer than any path.
    #[error("is longer than 4096 bytes, which no path is")]
    TooLong,
}

impl UserPath {
    /// Reads a path.
    ///
    /// # Errors
    /// It is not an absolute path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.len() > LONGEST {
            return Err(PathError::TooLong);
        }
        if text.contains('\0') {
            return Err(PathError::Nul);
        }
        if text.starts_with('~') {
            return Err(PathError::Home(text.to_owned()));
        }
        let Some(rest) = text.strip_prefix('/') else { return Err(PathError::Relative(text.to_owned())) };
        let mut parts: Vec<&str> = Vec::new();
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => _ = parts.pop(),
                name => parts.push(name),
            }
        }
        Ok(Self(format!("/{}", parts.join("/"))))
    }

    /// The path of an entry of this directory.
    pub fn join(&self, name: &str) -> Self {
        Self(if self.0 == "/" { format!("/{name}") } else { format!("{}/{name}", self.0) })
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part; the root's is `/`.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("/")
    }

    /// What is left of it below `root`: `.` for the root itself.
    pub fn below(&self, root: &str) -> Option<&str> {
        let rest = self.0.strip_prefix(root.trim_end_matches('/'))?;
        match rest.strip_prefix('/') {
            Some("") => Some("."),
            Some(rest) => Some(rest),
            None => rest.is_empty().then_some("."),
        }
    }
}

impl fmt::Display for UserPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The root that a path lies in, by its index, and the path below it. Of nested
/// roots the innermost serves.
pub fn place<'p>(roots: impl IntoIterator<Item = impl AsRef<str>>, path: &'p UserPath) -> Option<(usize, &'p str)> {
    let below = roots.into_iter().enumerate().filter_map(|(index, root)| Some((index, path.below(root.as_ref())?)));
    below.min_by_key(|(_, rest)| if *rest == "." { 0 } else { rest.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> String {
        UserPath::parse(text).unwrap().to_string()
    }

    #[test]
    fn a_path_is_made_plain_and_never_climbs() {
        for (text, plain) in [
            ("/var/log/syslog", "/var/log/syslog"),
            ("//var/./log//syslog/", "/var/log/syslog"),
            ("/var/log/../log/syslog", "/var/log/syslog"),
            ("/var/log/../../../../etc/shadow", "/etc/shadow"),
            ("/..", "/"),
            ("/", "/"),
            ("/a b/ü", "/a b/ü"),
        ] {
            assert_eq!(path(text), plain, "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_with_the_way_to_write_it() {
        assert_eq!(UserPath::parse(""), Err(PathError::Empty));
        assert!(UserPath::parse("syslog").unwrap_err().to_string().contains("`syslog` is relative"));
        assert!(UserPath::parse("./syslog").unwrap_err().to_string().contains("write the whole path"));
        assert!(UserPath::parse("~/notes").unwrap_err().to_string().contains("not expanded"));
        assert_eq!(UserPath::parse("/a\0b"), Err(PathError::Nul));
        assert_eq!(UserPath::parse(&"/a".repeat(3000)), Err(PathError::TooLong));
    }

    #[test]
    fn a_path_is_placed_in_the_innermost_root_by_whole_parts() {
        let roots = ["/var", "/var/log", "/etc/hosts", "/"];
        let placed = |text: &str| {
            let path = UserPath::parse(text).unwrap();
            place(roots, &path).map(|(index, rest)| (index, rest.to_owned()))
        };
        assert_eq!(placed("/var/log/syslog"), Some((1, "syslog".to_owned())));
        assert_eq!(placed("/var/log"), Some((1, ".".to_owned())));
        assert_eq!(placed("/var/logs/x"), Some((0, "logs/x".to_owned())));
        assert_eq!(placed("/etc/hosts"), Some((2, ".".to_owned())));
        assert_eq!(placed("/etc/hosts2"), Some((3, "etc/hosts2".to_owned())));
        assert_eq!(placed("/"), Some((3, ".".to_owned())));
        assert_eq!(place(["/var/log"], &UserPath::parse("/var").unwrap()), None);
    }

    #[test]
    fn names_and_entries() {
        let log = UserPath::parse("/var/log").unwrap();
        assert_eq!(log.join("a").as_str(), "/var/log/a");
        assert_eq!(log.name(), "log");
        let root = UserPath::parse("/").unwrap();
        assert_eq!((root.join("a").as_str(), root.name()), ("/a", "/"));
    }
}
