//! The machine's files: whom it asks itself (resolv.conf(5)), read as its own resolver reads it,
//! line by line, so that what one line gets wrong takes nothing from the others; and when they have
//! changed.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::net::if_::if_nametoindex;

use super::hosts;

/// The most that is read of the file.
const LONGEST: u64 = 64 << 10;

/// The most servers that are asked.
const MOST: usize = 8;

/// The machine's files.
#[derive(Clone, Debug)]
pub struct Files {
    pub servers: PathBuf,
    pub hosts: PathBuf,
}

/// What they were when they were read. Whoever changes them leaves another stamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp([Option<Identity>; 2]);

/// Device, inode, size, and when it was changed.
type Identity = (u64, u64, u64, i64, i64);

impl Default for Files {
    fn default() -> Self {
        Self { servers: "/etc/resolv.conf".into(), hosts: "/etc/hosts".into() }
    }
}

impl Files {
    #[expect(clippy::disallowed_methods, reason = "the machine's resolv.conf and hosts file")]
    pub fn stamp(&self) -> Stamp {
        let of = |path: &Path| std::fs::metadata(path).ok().as_ref().map(identity);
        Stamp([of(&self.servers), of(&self.hosts)])
    }

    /// The servers that the file names; none if it is not there.
    pub fn servers(&self) -> Vec<SocketAddr> {
        servers(&text_of(&self.servers, LONGEST))
    }

    /// The text of the hosts file; empty if it is not there.
    pub fn hosts_text(&self) -> String {
        text_of(&self.hosts, hosts::LONGEST)
    }
}

#[expect(clippy::disallowed_methods, reason = "the machine's resolv.conf and hosts file")]
fn text_of(path: &Path, longest: u64) -> String {
    let mut text = Vec::new();
    match File::open(path).and_then(|file| file.take(longest).read_to_end(&mut text)) {
        Ok(_) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => String::new(),
    }
}

fn identity(file: &Metadata) -> Identity {
    (file.dev(), file.ino(), file.size(), file.mtime(), file.mtime_nsec())
}

fn servers(text: &str) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        if words.next() != Some("nameserver") {
            continue;
        }
        if let Some(server) = words.next().and_then(server)
            && !found.contains(&server)
            && found.len() < MOST
        {
            found.push(server);
        }
    }
    found
}

/// An address, with the link that a link-local one needs: `fe80::1%eth0`, by name or number.
fn server(text: &str) -> Option<SocketAddr> {
    let port = cofferdam_grants::DNS_PORT;
    match text.split_once('%') {
        None => Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, port)),
        Some((address, link)) => {
            let scope = link.parse().ok().or_else(|| if_nametoindex(link).ok())?;
            Some(SocketAddrV6::new(address.parse().ok()?, port, 0, scope).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        servers(text).iter().map(SocketAddr::to_string).collect()
    }

    #[test]
    fn a_line_that_is_wrong_takes_nothing_from_the_others() {
        let text = "# a comment\nsearch a..b -- lan\noptions ndots:x edns0\nnameserver\nnameserver nonsense\n\
                    nameserver 192.0.2.53 # behind it\n;nameserver 192.0.2.1\nsortlist !!\n\tnameserver ::1\n\
                    nameserver 192.0.2.53\n\u{fffd}\nnameservers 192.0.2.2";
        assert_eq!(read(text), ["192.0.2.53:53", "[::1]:53"]);
        assert_eq!(read(""), Vec::<String>::new());
        let many: String = (0..20).map(|n| format!("nameserver 192.0.2.{n}\n")).collect();
        assert_eq!(read(&many).len(), MOST);
    }

    #[test]
    fn a_link_local_server_keeps_its_link() {
        let [SocketAddr::V6(by_name)] = servers("nameserver fe80::1%lo\n")[..] else { panic!("no server") };
        assert_eq!(by_name.scope_id(), if_nametoindex("lo").unwrap());
        let [SocketAddr::V6(by_number)] = servers("nameserver fe80::1%7\n")[..] else { panic!("no server") };
        assert_eq!((by_number.scope_id(), by_number.port()), (7, 53));
        assert_eq!(read("nameserver fe80::1%nowhere0\n"), Vec::<String>::new());
    }
}
