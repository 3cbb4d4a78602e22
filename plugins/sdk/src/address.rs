//! Addresses as the host's interfaces have them, and as the standard library has them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use crate::bindings::cofferdam::host::types::{IpAddress, Ipv6Address};

impl IpAddress {
    /// The same address on a link, by its name or its number.
    #[must_use]
    pub fn on(self, zone: Option<&str>) -> Self {
        match self {
            Self::Ipv6(address) => Self::Ipv6(Ipv6Address { zone: zone.map(str::to_owned), ..address }),
            Self::Ipv4(_) => self,
        }
    }

    /// The link it is on, if it says.
    pub fn zone(&self) -> Option<&str> {
        match self {
            Self::Ipv6(address) => address.zone.as_deref(),
            Self::Ipv4(_) => None,
        }
    }
}

impl From<IpAddr> for IpAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::Ipv4(address.octets().into()),
            IpAddr::V6(address) => Self::Ipv6(Ipv6Address { segments: address.segments().into(), zone: None }),
        }
    }
}

/// Without its zone.
impl From<&IpAddress> for IpAddr {
    fn from(address: &IpAddress) -> Self {
        match address {
            IpAddress::Ipv4((a, b, c, d)) => Ipv4Addr::new(*a, *b, *c, *d).into(),
            IpAddress::Ipv6(Ipv6Address { segments, .. }) => {
                let segments: [u16; 8] = (*segments).into();
                Ipv6Addr::from(segments).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_there_and_back() {
        for text in ["192.0.2.1", "2001:db8::1", "fe80::1"] {
            let address: IpAddr = text.parse().unwrap();
            let there = IpAddress::from(address).on(Some("eth0"));
            assert_eq!(IpAddr::from(&there), address);
            assert_eq!(there.zone(), address.is_ipv6().then_some("eth0"));
        }
    }
}
