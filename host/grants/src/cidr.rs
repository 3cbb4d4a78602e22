//! Networks in CIDR notation (RFC 4632, RFC 4291 §2.3).
//!
//! Which networks are special is not here: that is the table in `range.rs`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{canonical, quoted};

/// A network: an address whose host bits are zero, and the number of leading bits that count.
///
/// A network within `::ffff:0:0/96` is kept as the IPv4 network that it spells, as addresses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// A network from its parts.
    ///
    /// # Errors
    /// [`CidrError::PrefixTooLong`], or [`CidrError::HostBits`] with the network that was
    /// probably meant.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, CidrError> {
        let width = width(address);
        if prefix > width {
            return Err(CidrError::PrefixTooLong { prefix, width });
        }
        let (address, prefix) = match (address, canonical(address)) {
            (IpAddr::V6(_), mapped @ IpAddr::V4(_)) if prefix >= 96 => (mapped, prefix - 96),
            _ => (address, prefix),
        };
        let network = Self::around(address, prefix);
        if network.address == address { Ok(network) } else { Err(CidrError::HostBits { right: network }) }
    }

    /// The network of this prefix length around an address; the host bits are cleared. A prefix
    /// longer than the address counts as the whole address.
    pub(crate) const fn around(address: IpAddr, prefix: u8) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let prefix = if prefix > 32 { 32 } else { prefix };
                let bits = v4.to_bits() & mask4(prefix);
                Self { address: IpAddr::V4(Ipv4Addr::from_bits(bits)), prefix }
            }
            IpAddr::V6(v6) => {
                let prefix = if prefix > 128 { 128 } else { prefix };
                let bits = v6.to_bits() & mask6(prefix);
                Self { address: IpAddr::V6(Ipv6Addr::from_bits(bits)), prefix }
            }
        }
    }

    /// Reads `10.0.0.0/8` or `fd00::/8`.
    ///
    /// # Errors
    /// A [`CidrError`]; for host bits it names the right network.
    pub fn parse(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = text.split_once('/').ok_or(CidrError::NoPrefix)?;
        let address = address.parse::<IpAddr>().map_err(|_| CidrError::Address(address.to_owned()))?;
        // One spelling per prefix: no sign, no leading zero.
        let plain = prefix.bytes().all(|b| b.is_ascii_digit()) && (prefix.len() == 1 || !prefix.starts_with('0'));
        let prefix = match prefix.parse::<u8>() {
            Ok(value) if plain => value,
            _ => return Err(CidrError::Prefix(prefix.to_owned())),
        };
        Self::new(address, prefix)
    }

    /// The first address of the network.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many leading bits count, 0 to 32 or 0 to 128.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether the address, canonicalised, lies in this network. IPv4 addresses lie in IPv4
    /// networks only, IPv6 addresses in IPv6 networks only.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, canonical(address)) {
            (IpAddr::V4(net), IpAddr::V4(v4)) => v4.to_bits() & mask4(self.prefix) == net.to_bits(),
            (IpAddr::V6(net), IpAddr::V6(v6)) => v6.to_bits() & mask6(self.prefix) == net.to_bits(),
            _ => false,
        }
    }

    /// Whether the whole of `other` lies in this network.
    pub fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.address)
    }

    /// Whether the two networks share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.covers(other) || other.covers(self)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

const fn mask4(prefix: u8) -> u32 {
    match prefix {
        0 => 0,
        n => u32::MAX << (32 - n),
    }
}

const fn mask6(prefix: u8) -> u128 {
    match prefix {
        0 => 0,
        n => u128::MAX << (128 - n),
    }
}

/// Why a text is not a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CidrError {
    /// There is no `/`.
    NoPrefix,
    /// What stands before the `/` is not an address in its standard spelling.
    Address(String),
    /// What stands after the `/` is not a number.
    Prefix(String),
    /// More bits than the address has.
    PrefixTooLong {
        /// The prefix as given.
        prefix: u8,
        /// How many bits the address has: 32 or 128.
        width: u8,
    },
    /// The address has bits beyond the prefix.
    HostBits {
        /// The network that contains the address.
        right: Cidr,
    },
}

impl fmt::Display for CidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPrefix => f.write_str("a network needs a prefix length, as in `10.0.0.0/8`"),
            Self::Address(text) => write!(f, "`{}` is not an address", quoted(text, 64)),
            Self::Prefix(text) => write!(f, "`{}` is not a prefix length", quoted(text, 64)),
            Self::PrefixTooLong { prefix, width } => {
                write!(f, "the prefix length {prefix} is above {width}")
            }
            Self::HostBits { right } => {
                write!(f, "the address has bits beyond its prefix length; the network is `{right}`")
            }
        }
    }
}

impl std::error::Error for CidrError {}

#[cfg(test)]
#[path = "cidr_tests.rs"]
mod tests;
