//! What tests of files share: a folder of the test's own, a server that may read it, and both
//! halves of an answer.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{Answer, Session, scratch};

/// A folder of this test's own.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        Self(scratch(name).canonicalize().unwrap())
    }

    /// The path of an entry, as a user writes it.
    pub fn path(&self, name: &str) -> String {
        let path = if name.is_empty() { self.0.clone() } else { self.0.join(name) };
        path.to_str().unwrap().to_owned()
    }

    /// Makes a file; its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        self.path(name)
    }

    /// Adds to a file.
    pub fn append(&self, name: &str, content: &str) {
        use std::io::Write as _;
        let file = std::fs::OpenOptions::new().append(true).create(true).open(self.0.join(name));
        file.unwrap().write_all(content.as_bytes()).unwrap();
    }

    /// Makes a symbolic link; its path.
    pub fn link(&self, name: &str, target: &str) -> String {
        std::os::unix::fs::symlink(target, self.0.join(name)).unwrap();
        self.path(name)
    }

    /// Makes a named pipe; its path.
    pub fn pipe(&self, name: &str) -> String {
        assert!(Command::new("mkfifo").arg(self.0.join(name)).status().unwrap().success());
        self.path(name)
    }

    /// A server that may read this folder and nothing else.
    pub fn session(&self) -> Session {
        Session::serve(&["--allow-read", &self.path("")])
    }
}

impl Answer {
    /// The text and the object of a success.
    #[track_caller]
    pub fn parts(self) -> (String, Value) {
        assert!(!self.is_error, "{}", self.text);
        (self.text, self.structured.expect("no structured answer"))
    }

    /// The object of a success.
    #[track_caller]
    pub fn object(self) -> Value {
        self.parts().1
    }
}
