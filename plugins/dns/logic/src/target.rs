//! How `target` and `server` may be written: names (also with letters beyond ASCII), addresses, and
//! servers with a port.

use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::Name;

use crate::label;
use crate::target_error::TargetError;

/// Where name servers listen (RFC 1035, section 4.2).
pub const PORT: u16 = 53;

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A name, absolute.
    Name(Name),
    /// An address: its name under `in-addr.arpa` or `ip6.arpa` is asked about.
    Address(IpAddr),
}

/// Whom to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its address, or its name, which has to be looked up first.
    pub place: Place,
    /// Its port, if one was written.
    pub port: Option<u16>,
}

/// An address, or a name that stands for some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Itself.
    Address(IpAddr),
    /// To be looked up.
    Name(Name),
}

impl Target {
    /// Reads a target. A name is absolute with or without its last dot; `.` is the root.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        match bare.parse::<IpAddr>() {
            Ok(address) => Ok(Self::Address(address.to_canonical())),
            Err(_) => label::target(text).map(Self::Name),
        }
    }

    /// The name that is asked about.
    pub fn name(&self) -> Name {
        match self {
            Self::Name(name) => name.clone(),
            // The library's conversion is the one of RFC 1035 section 3.5 and RFC 3596 section 2.5.
            Self::Address(address) => Name::from(*address),
        }
    }
}

impl Server {
    /// Reads a server: an address or a name, perhaps with dig's `@` in front, perhaps with a port
    /// (`192.0.2.53#5353`, `192.0.2.53:5353`, `[2001:db8::53]:5353`).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let text = text.strip_prefix('@').unwrap_or(text);
        if let Ok(address) = text.parse::<SocketAddr>() {
            let port = Some(address.port()).filter(|port| *port != 0).ok_or(TargetError::Port)?;
            return Ok(Self { place: Place::Address(address.ip().to_canonical()), port: Some(port) });
        }
        let (host, written) = match text.split_once('#') {
            Some((host, written)) => (host, Some(written)),
            // One colon separates a port; several are an IPv6 address.
            None => match text.split_once(':') {
                Some((host, written)) if !written.contains(':') && !host.contains('[') => (host, Some(written)),
                _ => (text, None),
            },
        };
        let port = match written {
            None => None,
            Some(written) => Some(written.parse().ok().filter(|port| *port != 0).ok_or(TargetError::Port)?),
        };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let place = match bare.parse::<IpAddr>() {
            Ok(address) => Place::Address(address.to_canonical()),
            Err(_) => Place::Name(label::host(host)?),
        };
        Ok(Self { place, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> String {
        crate::text::name(&Target::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).name())
    }

    #[test]
    fn names_are_absolute_in_any_spelling() {
        assert_eq!(asked("www.Example.com"), "www.example.com.");
        assert_eq!(asked("www.example.com."), "www.example.com.");
        assert_eq!(asked("."), ".");
        assert_eq!(asked("bücher.example"), "xn--bcher-kva.example.");
        assert_eq!(asked("_sip._tcp.example.com"), "_sip._tcp.example.com.");
        assert_eq!(asked("*.example.com"), "*.example.com.");
        assert_eq!(asked("0/25.2.0.192.in-addr.arpa"), "0/25.2.0.192.in-addr.arpa.");
    }

    #[test]
    fn an_address_is_asked_about_by_its_reverse_name() {
        assert_eq!(asked("192.0.2.5"), "5.2.0.192.in-addr.arpa.");
        assert_eq!(asked("::ffff:192.0.2.5"), "5.2.0.192.in-addr.arpa.");
        let v6 = "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";
        assert_eq!(asked("2001:db8::5"), v6);
        assert_eq!(asked("[2001:db8::5]"), v6);
    }

    #[test]
    fn labels_are_written_as_in_a_master_file() {
        assert_eq!(asked(r"a\.b.example"), r"a\.b.example.");
        assert_eq!(asked(r"a\032b.example"), r"a\032b.example.");
        assert_eq!(asked(r"A\ B.example."), r"a\032b.example.");
        assert_eq!(asked(r"a\@b\;\000\255.example"), r"a\@b\;\000\255.example.");
        assert_eq!(asked(r"end\."), r"end\..");
        assert_eq!(asked(r"b\195\188cher.example"), r"b\195\188cher.example.");
        assert_eq!(asked(r"ü\032.example"), r"\195\188\032.example.");
        assert_eq!(asked(r"127.\049"), "127.1.", "what is escaped is meant");
    }

    #[test]
    fn instances_of_services_are_written_as_people_name_them() {
        assert_eq!(asked("My Printer._ipp._tcp.example"), r"my\032printer._ipp._tcp.example.");
        assert_eq!(
            asked("Bob's \"Lab\" (2) @ home._http._TCP.local"),
            "bob's\\032\\\"lab\\\"\\032\\(2\\)\\032\\@\\032home._http._tcp.local."
        );
        assert_eq!(asked("Größe._ipp._udp.bücher.example"), r"gr\195\182\195\159e._ipp._udp.xn--bcher-kva.example.");
        assert_eq!(asked(r"v1\.2 beta._http._tcp.local"), r"v1\.2\032beta._http._tcp.local.");
        // One label in front of the service is the instance; what stands before it is not.
        assert_eq!(asked("_printer._sub._http._tcp.local"), "_printer._sub._http._tcp.local.");
        assert_eq!(Target::parse("a b.c._http._tcp.local"), Err(TargetError::Character(' ')));
        assert_eq!(Target::parse("a\u{7}b._http._tcp.local"), Err(TargetError::Character('\u{7}')));
        assert_eq!(Target::parse("a b._tcp.local"), Err(TargetError::Character(' ')));
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_reason() {
        let refused = |text: &str| Target::parse(text).expect_err(text);
        assert_eq!(refused(""), TargetError::Empty);
        assert_eq!(refused(" "), TargetError::Empty);
        assert_eq!(refused("a b.example"), TargetError::Character(' '));
        assert_eq!(refused("a@b.example"), TargetError::Character('@'));
        assert_eq!(refused(" a.example"), TargetError::Blank);
        assert_eq!(refused("a.example\u{a0}"), TargetError::Blank);
        assert_eq!(refused("a\\"), TargetError::Escape);
        assert_eq!(refused("a\\25.example"), TargetError::Escape);
        assert_eq!(refused("a\\256.example"), TargetError::Escape);
        assert_eq!(refused("a\nb"), TargetError::Character('\n'));
        assert_eq!(refused("https://example.com/x"), TargetError::Url);
        assert_eq!(refused("a..example"), TargetError::EmptyLabel);
        assert_eq!(refused(".example"), TargetError::EmptyLabel);
        assert_eq!(refused("127.1"), TargetError::Number);
        assert_eq!(refused("2130706433"), TargetError::Number);
        assert_eq!(refused(&"a".repeat(64)), TargetError::LongLabel);
        assert_eq!(refused(&vec!["a".repeat(63); 4].join(".")), TargetError::Long);
        assert_eq!(refused("xn--\u{fe0f}"), TargetError::Idna);
    }

    #[test]
    fn servers_are_addresses_or_names_with_or_without_a_port() {
        let server = |text: &str| Server::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let local: IpAddr = "127.0.0.1".parse().unwrap();
        let address = |port| Server { place: Place::Address(local), port };
        assert_eq!(server("127.0.0.1"), address(None));
        assert_eq!(server("@127.0.0.1"), address(None));
        assert_eq!(server("127.0.0.1#5353"), address(Some(5353)));
        assert_eq!(server("127.0.0.1:5353"), address(Some(5353)));
        assert_eq!(server("::ffff:127.0.0.1"), address(None));
        let six = Place::Address("2001:db8::53".parse().unwrap());
        assert_eq!(server("[2001:db8::53]:54"), Server { place: six.clone(), port: Some(54) });
        assert_eq!(server("2001:db8::53#54"), Server { place: six, port: Some(54) });
        assert_eq!(Server::parse(r"a\032b.example"), Err(TargetError::Character('\\')), "a server is a host");
        assert!(matches!(Server::parse("a b._ipp._tcp.example"), Err(TargetError::Character(' '))));
        let named = Server::parse("ns1.example#54").unwrap();
        assert_eq!(named.place, Place::Name(Name::from_ascii("ns1.example.").unwrap()));
        for bad in ["127.0.0.1:0", "127.0.0.1#x", "ns1.example:99999"] {
            assert_eq!(Server::parse(bad), Err(TargetError::Port), "{bad}");
        }
    }
}
