//! Servers of other people's that listen on a port of this machine: fetched once
//! (`cofferdam_xtask::peers`), started for a test, ended with it.

use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cofferdam_xtask::{peers, stderr_progress};

use super::{closed_port, eventually, scratch};

/// Servers that run only where they are installed.
mod installed;

pub use installed::Installed;

/// A server.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    /// Starts it and waits until it listens; what it says goes to a file of that name.
    #[track_caller]
    fn start(name: &str, port: u16, command: &mut Command) -> Self {
        let log = scratch(name).join("log");
        let output = std::fs::File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let mut server = Self { child: command.spawn().unwrap(), port };
        eventually(&format!("{name} listens on port {port} ({})", log.display()), || {
            assert!(server.child.try_wait().unwrap().is_none(), "{name} has ended: see {}", log.display());
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        server
    }

    /// `redis-server`.
    pub fn redis() -> Self {
        let (port, folder) = (closed_port(), scratch("redis"));
        // One program has two names: it is a server where it is called so.
        let mut command = debian("redis-tools").command("usr/bin/redis-check-rdb");
        command.arg0("redis-server").args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        // Answers of every type, by a command.
        command.args(["--enable-debug-command", "yes"]);
        Self::start("redis-server", port, command.arg("--dir").arg(folder))
    }

    /// `ngircd`, by the name `irc.test`. It asks whoever is silent for 5 s.
    pub fn ngircd() -> Self {
        Self::ngircd_with("")
    }

    /// The same, with another option.
    pub fn ngircd_with(option: &str) -> Self {
        let (port, file) = (closed_port(), scratch("ngircd").join("ngircd.conf"));
        let text = format!(
            "[Global]\nName = irc.test\nInfo = Test\nListen = 127.0.0.1\nPorts = {port}\nMotdPhrase = hello\n\
             [Limits]\nPingTimeout = 5\nPongTimeout = 5\n[Options]\nDNS = no\nIdent = no\nPAM = no\n{option}\n"
        );
        std::fs::write(&file, text).unwrap();
        let mut command = debian("ngircd").command("usr/sbin/ngircd");
        Self::start("ngircd", port, command.arg("--nodaemon").arg("--config").arg(&file))
    }

    /// `mosquitto`, for anybody, or for nobody.
    pub fn mosquitto(anybody: bool) -> Self {
        let (port, file) = (closed_port(), scratch("mosquitto").join("mosquitto.conf"));
        std::fs::write(&file, format!("listener {port} 127.0.0.1\nallow_anonymous {anybody}\npersistence false\n"))
            .unwrap();
        let mut command = debian("mosquitto").command("usr/sbin/mosquitto");
        Self::start("mosquitto", port, command.arg("-c").arg(&file))
    }

    /// `nginx`, which serves the files of a folder.
    pub fn nginx(pages: &Path) -> Self {
        let (port, folder) = (closed_port(), scratch("nginx"));
        // Started by root it would give its workers to a user that may not read the pages.
        let text = format!(
            "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n\
             http {{ access_log off; default_type text/html; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
             fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n\
             server {{ listen 127.0.0.1:{port}; root {pages}; location ~ html$ {{ ssi on; }} }} }}\n",
            folder = folder.display(),
            pages = pages.display(),
        );
        std::fs::write(folder.join("nginx.conf"), text).unwrap();
        let mut command = debian("nginx").command("usr/sbin/nginx");
        command.arg("-p").arg(&folder).arg("-e").arg("stderr").arg("-c").arg(folder.join("nginx.conf"));
        Self::start("nginx", port, &mut command)
    }

    /// `gpsd`, which reads what a receiver at this port says.
    pub fn gpsd(receiver: u16) -> Self {
        let port = closed_port();
        let mut command = debian("gpsd").command("usr/sbin/gpsd");
        // Without a client it waits for one before it asks the receiver.
        command.args(["-N", "-n", "-S", &port.to_string(), &format!("tcp://127.0.0.1:{receiver}")]);
        Self::start("gpsd", port, &mut command)
    }

    /// `miniircd`.
    pub fn miniircd() -> Self {
        let port = closed_port();
        let mut command = python(peers::PYTHON_SERVERS[6]);
        command.args(["-m", "miniircd", "--listen", "127.0.0.1", "--ports", &port.to_string()]);
        if nix::unistd::geteuid().is_root() {
            // It asks to be told so.
            command.args(["--setuid", "root"]);
        }
        Self::start("miniircd", port, &mut command)
    }

    /// A script of `tests/tools/handlers` with its port, in an environment that has this
    /// requirement.
    pub fn python(requirement: &str, script: &str, arguments: &[&str]) -> Self {
        let (port, mut command) = (closed_port(), python(requirement));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/handlers").join(script));
        Self::start(script, port, command.arg(port.to_string()).args(arguments))
    }
}

fn python(requirement: &str) -> Command {
    Command::new(peers::python(requirement, &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}")))
}

fn debian(package: &str) -> peers::Peer {
    peers::debian(package, &mut stderr_progress()).unwrap_or_else(|error| panic!("{error}"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
