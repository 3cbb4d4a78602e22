//! Addresses in the contract's words, and back.

use std::net::IpAddr;

use super::plugin_0_1_0::types::{IpAddress, Ipv6Address};

impl From<IpAddr> for IpAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                Self::Ipv4((a, b, c, d))
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h] = address.segments();
                Self::Ipv6(Ipv6Address { segments: (a, b, c, d, e, f, g, h), zone: None })
            }
        }
    }
}

impl IpAddress {
    /// The address, and its zone as the guest wrote it.
    pub fn into_parts(self) -> (IpAddr, Option<String>) {
        match self {
            Self::Ipv4((a, b, c, d)) => (IpAddr::from([a, b, c, d]), None),
            Self::Ipv6(Ipv6Address { segments: (a, b, c, d, e, f, g, h), zone }) => {
                (IpAddr::from([a, b, c, d, e, f, g, h]), zone.filter(|zone| !zone.is_empty()))
            }
        }
    }

    /// The same address in a zone.
    pub fn in_zone(self, zone: u32) -> Self {
        match self {
            Self::Ipv6(address) if zone != 0 => Self::Ipv6(Ipv6Address { zone: Some(zone.to_string()), ..address }),
            other => other,
        }
    }
}
