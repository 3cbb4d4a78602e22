//! Servers that run only where they are installed: with files below `/usr`, with users of their
//! own, with root's rights. Each has that in a mount namespace: its package lies over the machine's
//! `/usr`, and nothing of the machine is changed. What is started so is beside: a script, and
//! configurations, in which `PORT` and `OTHER` are ports.

use std::path::{Path, PathBuf};
use std::process::Command;

use cofferdam_xtask::peers::Peer;

use super::{Server, debian, newest};
use crate::support::{closed_port, scratch};

/// The users that Debian's packages make when they are installed, and `bob`, who gets the mail.
const USERS: [&str; 8] = ["postfix", "postdrop", "Debian-exim", "opensmtpd", "opensmtpq", "dovecot", "dovenull", "bob"];

/// A server that runs where its package is installed.
pub struct Installed {
    pub server: Server,
    /// Its second port, if it has one.
    pub other: u16,
    state: PathBuf,
}

impl Installed {
    /// Starts one by its script; the files are in its folder.
    #[track_caller]
    fn start(package: &Peer, script: &str, files: &[(&str, &str)]) -> Self {
        let (port, other, state) = (closed_port(), closed_port(), scratch(script));
        let users = |line: fn((&str, u32)) -> String| USERS.into_iter().zip(101..).map(line).collect::<String>();
        let passwd = users(|(name, id)| format!("{name}:x:{id}:{id}::/mnt/state:/bin/sh\n"));
        let write = |file: &str, text: &str| std::fs::write(state.join(file), text).unwrap();
        write("passwd", &format!("root:x:0:0::/root:/bin/sh\n{passwd}"));
        write("group", &format!("root:x:0:\n{}", users(|(name, id)| format!("{name}:x:{id}:\n"))));
        write("deliver", include_str!("deliver"));
        std::fs::create_dir(state.join("mail")).unwrap();
        for (file, text) in files {
            write(file, &text.replace("PORT", &port.to_string()).replace("OTHER", &other.to_string()));
        }
        let server = Server::start(script, port, &mut command(package.root(), &state, script));
        Self { server, other, state }
    }

    /// The mail that has arrived.
    pub fn mail(&self) -> Option<String> {
        std::fs::read_to_string(self.state.join("mail/1.eml")).ok()
    }

    /// Waits for another mail.
    pub fn forget(&self) {
        std::fs::remove_file(self.state.join("mail/1.eml")).unwrap();
    }

    /// `postfix`, for which this machine is a stranger. It takes mail for `mail.test`.
    #[track_caller]
    pub fn postfix() -> Self {
        let [main, master] = [include_str!("postfix-main.cf"), include_str!("postfix-master.cf")];
        let files = [("postfix.sh", include_str!("postfix.sh")), ("main.cf", main), ("master.cf", master)];
        Self::start(&debian("postfix"), "postfix.sh", &files)
    }

    /// OpenSMTPD, which takes mail for `mail.test`.
    #[track_caller]
    pub fn opensmtpd() -> Self {
        let files =
            [("opensmtpd.sh", include_str!("opensmtpd.sh")), ("opensmtpd.conf", include_str!("opensmtpd.conf"))];
        Self::start(&debian("opensmtpd"), "opensmtpd.sh", &files)
    }

    /// `exim`, which takes mail for anybody.
    #[track_caller]
    pub fn exim() -> Self {
        let files = [("exim.sh", include_str!("exim.sh")), ("exim.conf", include_str!("exim.conf"))];
        Self::start(&debian("exim4-daemon-light"), "exim.sh", &files)
    }

    /// `dovecot` with POP3, and IMAP at its other port, for one user: of the machine's own release,
    /// and of the newest.
    #[track_caller]
    pub fn dovecots(user: &str, secret: &str) -> [Self; 2] {
        let secrets = format!("{user}:{{PLAIN}}{secret}\n");
        let files = [
            ("dovecot.sh", include_str!("dovecot.sh")),
            ("dovecot.conf", include_str!("dovecot.conf")),
            ("dovecot-2.3.conf", include_str!("dovecot-2.3.conf")),
            ("dovecot-2.4.conf", include_str!("dovecot-2.4.conf")),
            ("secrets", &secrets),
        ];
        let packages = "dovecot-core dovecot-pop3d dovecot-imapd";
        [debian(packages), newest(packages)].map(|package| Self::start(&package, "dovecot.sh", &files))
    }
}

/// Runs a script where the package is installed and the folder is `/mnt/state`. What it starts ends
/// with it.
fn command(package: &Path, state: &Path, script: &str) -> Command {
    let mut command = Command::new("unshare");
    // Several user ids need root, or ids that are set aside for this user (`/etc/subuid`).
    command.args(if nix::unistd::geteuid().is_root() { &["-m"][..] } else { &["-Urm", "--map-auto"] });
    command.args(["--pid", "--fork", "--kill-child", "sh", "-c", include_str!("installed.sh"), "sh"]);
    command.arg(package).arg(state).arg(script);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}
