//! Where the soak happens: a folder with a policy, files to read and the server's state, a small
//! disk for the audit, and the server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{names, peers};

/// Files that may be read.
pub const FILES: u64 = 12;

/// The disk of the audit file: nine of its files, and what the system needs.
const DISK: u64 = 700 << 20;

/// Ports of the peers.
pub struct Ports {
    pub scripted: u16,
    pub console: u16,
    pub names: u16,
}

pub struct Place {
    pub folder: PathBuf,
    pub ports: Ports,
    /// Whether the audit file is on a disk of its own, which can be full.
    pub disk: bool,
}

impl Place {
    /// Makes it all, with peers that listen.
    pub fn new() -> Self {
        let folder = beside("soak-run").join(std::process::id().to_string());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("files")).unwrap();
        fs::create_dir_all(folder.join("disk")).unwrap();
        let folder = folder.canonicalize().unwrap();
        for number in 0..FILES {
            fs::write(folder.join("files").join(file_name(number)), content(number)).unwrap();
        }
        let mount = |disk: &Path| {
            let size = format!("size={DISK}");
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(disk).stderr(Stdio::null()).status()
        };
        let disk = mount(&folder.join("disk")).is_ok_and(|status| status.success());
        let ports = Ports { scripted: peers::scripted(), console: peers::console(), names: names::serve() };
        Self { folder, ports, disk }
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("disk/audit.jsonl")
    }

    pub fn file(&self, number: u64) -> String {
        self.folder.join("files").join(file_name(number)).display().to_string()
    }

    /// A file of its own, with this beginning.
    pub fn fresh_file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join("files").join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn policy(&self, guest: &Path) -> String {
        let Ports { scripted, console, names } = self.ports;
        let (files, guest) = (self.folder.join("files"), guest.canonicalize().unwrap());
        let connect = format!(
            "[\"tcp://127.0.0.1:{scripted},{console}\", {{ to = \"tcp://*.soak.example:{scripted},{console}\", within = \
             [\"127.0.0.0/8\"] }}]"
        );
        format!(
            "[limits]\ncall = \"30 s\"\ncalls_per_minute = 10000000\nlookups_per_minute = 1000000\n[names]\nservers = [\"127.0.0.1:{names}\"]\n\
             [plugins.tcp]\nconnect = {connect}\n[plugins.telnet]\nconnect = {connect}\n\
             [plugins.dns]\nresolve = [\"*.soak.example\"]\nservers = [\"127.0.0.1:{names}\"]\n\
             [plugins.ping]\nping = [\"127.0.0.0/8\"]\n\
             [plugins.files]\nread = [\"{}\"]\n\
             [plugins.hostile]\ncomponent = \"{}\"\nconnect = {connect}\n\
             [plugins.hostile.limits]\nmemory = \"32 MiB\"\ncpu = \"500 ms\"\n",
            files.display(),
            guest.display()
        )
    }

    /// Starts the server; what it says goes to a file.
    pub fn serve(&self, guest: &Path) -> Child {
        let policy = self.folder.join("policy.toml");
        fs::write(&policy, self.policy(guest)).unwrap();
        let log = fs::File::create(self.folder.join("stderr.log")).unwrap();
        let mut command = self.cofferdam();
        command.arg("serve").arg("--policy").arg(policy).arg("--audit").arg(self.log());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().unwrap()
    }

    /// The binary, with this place's state.
    pub fn cofferdam(&self) -> Command {
        let mut command = Command::new(beside("cofferdam"));
        command
            .env("XDG_STATE_HOME", self.folder.join("state"))
            .env("XDG_CACHE_HOME", beside("soak-run").join("cache"));
        command
    }

    /// Leaves no room for another byte of the audit; false if that could not be done just now.
    pub fn fill_disk(&self) -> bool {
        // What others write meanwhile makes the size too small.
        (0..20).any(|_| self.used().is_some_and(|used| self.resize(used)))
    }

    pub fn free_disk(&self) -> bool {
        self.resize(DISK)
    }

    fn resize(&self, size: u64) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,size={size}")]).arg(self.folder.join("disk")).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success())
    }

    fn used(&self) -> Option<u64> {
        let told = Command::new("stat").args(["-f", "-c", "%b %f %S"]).arg(self.folder.join("disk")).output().ok()?;
        let text = String::from_utf8(told.stdout).ok()?;
        let mut numbers = text.split_whitespace().map(|word| word.parse::<u64>().ok());
        let (all, free, size) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some((all - free) * size)
    }

    /// Takes the audit off its disk, which goes with this process.
    pub fn keep(&self) {
        for entry in fs::read_dir(self.folder.join("disk")).into_iter().flatten().flatten() {
            let _ = fs::copy(entry.path(), self.folder.join(entry.file_name()));
        }
    }

    /// Takes the place away.
    pub fn clear(&self) {
        if self.disk {
            let _ = Command::new("umount").arg("-l").arg(self.folder.join("disk")).status();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A program, or a folder, beside this program.
pub fn beside(name: &str) -> PathBuf {
    std::env::current_exe().unwrap().with_file_name(name)
}

pub fn file_name(number: u64) -> String {
    format!("file-{number}.log")
}

/// What a file holds: every line says of which file it is.
pub fn content(number: u64) -> String {
    (0..lines_of(number)).map(|line| line_of(number, line)).collect()
}

pub fn lines_of(number: u64) -> u64 {
    20 << (number % 8)
}

pub fn line_of(number: u64, line: u64) -> String {
    format!("file-{number} line-{line:06} {:016x}\n", (number << 32 | line).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
