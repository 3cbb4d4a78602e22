//! How the `host` and `port` arguments may be written.
//!
//! Exactly one spelling of an address is an address; everything that other programs would turn into
//! one is refused with the spelling that was meant, and never resolved as a name. Whether the host
//! may be dialled is not decided here: the policy does that outside the plugin. Unicode names pass
//! as they are; the host turns them into A-labels.

use std::net::{Ipv4Addr, Ipv6Addr};

mod spelling;

use spelling::{check_name, hidden, is_number, number_form};

/// A host as it may be dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// Written as four decimal numbers.
    V4(Ipv4Addr),
    /// Written per RFC 4291, with or without `[` `]`, with a zone only if it is link-local.
    V6 {
        /// The address.
        address: Ipv6Addr,
        /// What follows `%`: the name or number of an interface.
        zone: Option<String>,
    },
    /// A name to be looked up as absolute; one trailing dot was taken off.
    Name(String),
}

/// Why a host or port is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each field is")]
pub enum HostError {
    #[error("`host` is empty")]
    Empty,
    #[error("`host` begins or ends with white space; write `{meant}`")]
    Padded { meant: String },
    #[error("`host` must not contain {found} (character {position})")]
    Character { found: String, position: usize },
    #[error("`host` is a URL; write only the host, `{meant}`")]
    Url { meant: String },
    #[error("`host` contains a user name; write only the host, `{meant}`")]
    User { meant: String },
    #[error("`host` contains a port; write `{meant}` and put {port} into `port`")]
    Port { meant: String, port: String },
    #[error("`{written}` is an odd spelling of an address; write `{meant}`")]
    OddAddress { written: String, meant: String },
    #[error("`{written}` is neither an IPv4 address nor a name: its last part is a number")]
    NotAddress { written: String },
    #[error("`{written}` is not an IPv6 address")]
    NotIpv6 { written: String },
    #[error("`host` has a zone (`%…`), which only link-local addresses (fe80::/10) take")]
    Zone,
    #[error("`host` is not a name: {problem}")]
    Name { problem: &'static str },
    #[error("`port` must be 1 to 65535, it is {0}")]
    PortRange(i64),
}

impl HostError {
    /// The name of the argument that is wrong.
    pub fn argument(&self) -> &'static str {
        match self {
            HostError::PortRange(_) => "port",
            _ => "host",
        }
    }
}

/// Reads a `port` argument: 1 to 65535.
pub fn port(number: i64) -> Result<u16, HostError> {
    u16::try_from(number).ok().filter(|&port| port != 0).ok_or(HostError::PortRange(number))
}

impl Host {
    /// Reads a `host` argument.
    pub fn parse(text: &str) -> Result<Host, HostError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(HostError::Empty);
        }
        if let Some((at, bad)) = trimmed.chars().enumerate().find(|&(_, c)| hidden(c)) {
            let at = at + text.chars().take_while(|c| c.is_whitespace()).count();
            return Err(HostError::Character { found: format!("`{}`", bad.escape_unicode()), position: at + 1 });
        }
        if trimmed.len() < text.len() {
            return Err(HostError::Padded { meant: clip(trimmed) });
        }
        if let Some(host) = authority(text)? {
            return Ok(host);
        }
        if let Ok(address) = text.parse() {
            return Ok(Host::V4(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if let Some(address) = number_form(name) {
            return Err(HostError::OddAddress { written: clip(text), meant: address.to_string() });
        }
        let last = name.rsplit('.').next().unwrap_or(name);
        if is_number(last) {
            return Err(HostError::NotAddress { written: clip(text) });
        }
        check_name(name)?;
        Ok(Host::Name(name.to_owned()))
    }
}

impl std::fmt::Display for Host {
    /// As it may be written back: IPv6 without brackets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Host::V4(address) => address.fmt(f),
            Host::V6 { address, zone: None } => address.fmt(f),
            Host::V6 { address, zone: Some(zone) } => write!(f, "{address}%{zone}"),
            Host::Name(name) => f.write_str(name),
        }
    }
}

/// Everything with a `:`, `/`, `@` or bracket: an IPv6 address, or more than a host. `None` for
/// plain hosts.
fn authority(text: &str) -> Result<Option<Host>, HostError> {
    if !text.contains([':', '/', '@', '[', ']', '\\', '?', '#', '%']) {
        return Ok(None);
    }
    if let Some((_, rest)) = text.split_once("//") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let host = host.rsplit('@').next().unwrap_or(host);
        let host = host
            .strip_prefix('[')
            .and_then(|inner| inner.split(']').next())
            .unwrap_or_else(|| host.split(':').next().unwrap_or(host));
        return Err(HostError::Url { meant: clip(host) });
    }
    if let Some((_, host)) = text.rsplit_once('@') {
        return Err(HostError::User { meant: clip(host) });
    }
    if let Some(inner) = text.strip_prefix('[') {
        let (address, rest) = inner.split_once(']').ok_or_else(|| HostError::NotIpv6 { written: clip(text) })?;
        let host = ipv6(address)?;
        return match rest.strip_prefix(':') {
            _ if rest.is_empty() => Ok(Some(host)),
            Some(port) => Err(HostError::Port { meant: clip(address), port: clip(port) }),
            None => Err(HostError::NotIpv6 { written: clip(text) }),
        };
    }
    match text.split_once(':') {
        Some((name, port)) if !port.contains(':') && !name.is_empty() && !port.is_empty() => {
            if port.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(HostError::Port { meant: clip(name), port: clip(port) });
            }
            Err(HostError::Character { found: "`:`".to_owned(), position: name.chars().count() + 1 })
        }
        Some(_) => ipv6(text).map(Some),
        None => {
            let position = text.chars().position(|c| "/@[]\\?#%".contains(c)).unwrap_or(0);
            let found = text.chars().nth(position).unwrap_or('/');
            Err(HostError::Character { found: format!("`{found}`"), position: position + 1 })
        }
    }
}

fn ipv6(text: &str) -> Result<Host, HostError> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<Ipv6Addr>() else {
        return Err(HostError::NotIpv6 { written: clip(text) });
    };
    let known = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    match zone {
        None => Ok(Host::V6 { address, zone: None }),
        Some(zone) if zone.is_empty() || zone.len() > 32 || !zone.chars().all(known) => {
            Err(HostError::NotIpv6 { written: clip(text) })
        }
        Some(_) if address.segments()[0] & 0xffc0 != 0xfe80 => Err(HostError::Zone),
        Some(zone) => Ok(Host::V6 { address, zone: Some(zone.to_owned()) }),
    }
}

fn clip(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Host::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn plain_spellings_are_accepted() {
        assert_eq!(Host::parse("127.0.0.1"), Ok(Host::V4(Ipv4Addr::LOCALHOST)));
        for text in ["::1", "[::1]", "0:0::1", "0000:0000::0001"] {
            assert_eq!(Host::parse(text), Ok(Host::V6 { address: Ipv6Addr::LOCALHOST, zone: None }), "{text}");
        }
        let mapped = Host::parse("::ffff:127.0.0.1").unwrap();
        assert_eq!(mapped.to_string(), "::ffff:127.0.0.1");
        assert_eq!(Host::parse("fe80::1%eth0").unwrap().to_string(), "fe80::1%eth0");
        for name in [
            "localhost",
            "db.lab.example",
            "_irc._tcp.example",
            "xn--bcher-kva.example",
            "bücher.example",
            "7zip.org",
            "1.example",
            "0xcafe.org",
            "my_service.example",
            "db_1.lab.example",
            "_x_.x_.example",
            "ｄｂ１.example",
            "①.example",
        ] {
            assert_eq!(Host::parse(name), Ok(Host::Name(name.to_owned())));
        }
        assert_eq!(Host::parse("irc.example."), Ok(Host::Name("irc.example".to_owned())));
    }

    #[test]
    fn odd_spellings_of_addresses_say_what_was_meant() {
        for text in [
            "2130706433",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0x7f000001",
            "0X7F.0.0.1",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.01",
            "127.0.0.1.",
        ] {
            let message = refused(text);
            assert_eq!(message, format!("`{text}` is an odd spelling of an address; write `127.0.0.1`"));
        }
        assert!(refused("0xA9FEA9FE").contains("write `169.254.169.254`"));
        assert!(refused("0").contains("write `0.0.0.0`"));
        for text in ["256.1.1.1", "1.2.3.4.5", "4294967296", "host.1", "127.0.0.09", "host.0x1", "127.0.0.256"] {
            assert!(refused(text).contains("neither an IPv4 address nor a name"), "{text}");
        }
        for text in ["１２７.0.0.1", "127。0。0。1", "127．1", "a.①", "a。０ｘ７ｆ"] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn more_than_a_host_is_refused() {
        assert_eq!(refused("http://user@db.example:80/x"), "`host` is a URL; write only the host, `db.example`");
        assert!(refused("tcp://[::1]:80").ends_with("`::1`"));
        assert_eq!(refused("db.example:5432"), "`host` contains a port; write `db.example` and put 5432 into `port`");
        assert_eq!(refused("[::1]:80"), "`host` contains a port; write `::1` and put 80 into `port`");
        assert!(refused("root@db.example").ends_with("`db.example`"));
        assert!(refused("10.0.0.0/8").contains("`/` (character 9)"));
        assert!(refused("*.example").contains("`*` (character 1)"));
        assert!(refused("a%b").contains("`%`"));
        assert!(refused("a:b").contains("`:` (character 2)"));
    }

    #[test]
    fn space_and_hidden_characters_are_refused() {
        assert_eq!(refused(""), "`host` is empty");
        assert_eq!(refused(" \t"), "`host` is empty");
        assert_eq!(refused(" db.example "), "`host` begins or ends with white space; write `db.example`");
        assert!(refused("db example").contains("a space (character 3)"));
        assert!(refused("a\0b").contains("`\\u{0}` (character 2)"));
        assert!(refused("a\r\nb").contains("`\\u{d}`"));
        assert!(refused("a\u{202e}b").contains("`\\u{202e}`"));
    }

    #[test]
    fn bad_ipv6_and_zones_are_refused() {
        for text in [
            ":::",
            "::1::",
            "[::1",
            "[::1]x",
            "fe80::1%",
            "fe80::1%a b",
            "1:2:3",
            "[127.0.0.1]",
            "[db.example]",
            ":80",
            "db:",
        ] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
        assert!(refused("::1%lo").contains("link-local"));
    }

    #[test]
    fn names_have_the_lengths_of_dns() {
        assert!(refused("a..b").contains("empty part"));
        assert!(refused(".").contains("empty part"));
        assert!(refused(&"a".repeat(64)).contains("63"));
        assert!(refused(&["a"; 128].join(".")).contains("253"));
        assert!(refused("-a.example").contains("`-`"));
    }

    #[test]
    fn ports_have_a_range() {
        assert_eq!((port(1), port(65_535)), (Ok(1), Ok(65_535)));
        for number in [0, -1, 65_536, 70_000, i64::MIN, i64::MAX] {
            let error = port(number).unwrap_err();
            assert_eq!(error.to_string(), format!("`port` must be 1 to 65535, it is {number}"));
            assert_eq!(error.argument(), "port");
        }
    }
}
