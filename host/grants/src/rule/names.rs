//! A rule about names in queries: `www.example.com`, `*.example.com`, `192.0.2.0/24` (its reverse
//! names), `any`.

use std::fmt;

use super::peers::spellings;
use crate::{Cidr, Name, QueryName};

/// Names that may be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ResolveRule {
    /// One name, exactly.
    Name(Name),
    /// The names one or more labels below this one, instances of services included; the name itself
    /// is not among them.
    Below(Name),
    /// The reverse names of a network's addresses, and of the networks in it.
    Reverse(Cidr),
    /// Every name, the root and what is no host name included.
    Any,
}

impl ResolveRule {
    /// Whether the rule covers a name.
    pub(crate) fn covers(&self, name: &QueryName) -> bool {
        match self {
            Self::Name(own) => name.host_name().is_some_and(|name| name == *own),
            Self::Below(apex) => {
                // An instance lies below its service, so below the service's own name as well.
                name.host_name().is_some_and(|name| name.is_below(apex))
                    || name.of_instance().is_some_and(|service| service == *apex || service.is_below(apex))
            }
            Self::Reverse(own) => name.reverse().is_some_and(|network| own.covers(&network)),
            Self::Any => true,
        }
    }

    /// Whether this deny rule speaks of a name. It speaks of more than an allow rule of the same
    /// words: labels of any kind count, and below a reverse name everything does, in every
    /// IPv4-in-IPv6 spelling.
    pub(crate) fn denies(&self, name: &QueryName) -> bool {
        match self {
            Self::Name(own) => *name == QueryName::from(own),
            Self::Below(apex) => {
                let (apex, mut labels) = (QueryName::from(apex), name.labels().rev());
                name.labels().len() > apex.labels().len() && apex.labels().rev().all(|own| labels.next() == Some(own))
            }
            Self::Reverse(own) => name.reverse_zone().is_some_and(|(network, _)| {
                let whole = network.prefix() == if network.address().is_ipv4() { 32 } else { 128 };
                own.covers(&network) || (whole && spellings(network.address()).any(|one| own.contains(one)))
            }),
            Self::Any => true,
        }
    }

    /// Whether this allow rule grants anything of a want.
    pub(crate) fn meets(&self, want: &Self) -> bool {
        match (self, want) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Name(name), other) | (other, Self::Name(name)) => other.covers(&QueryName::from(name)),
            (Self::Below(own), Self::Below(apex)) => own == apex || own.is_below(apex) || apex.is_below(own),
            (Self::Reverse(own), Self::Reverse(network)) => own.overlaps(network),
            (Self::Below(apex), Self::Reverse(network)) | (Self::Reverse(network), Self::Below(apex)) => {
                match QueryName::from(apex).reverse() {
                    Some(zone) => zone.overlaps(network),
                    None => apex.as_str() == "arpa",
                }
            }
        }
    }
}

/// The canonical spelling.
impl fmt::Display for ResolveRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name}"),
            Self::Below(apex) => write!(f, "*.{apex}"),
            Self::Reverse(network) => write!(f, "{network}"),
            Self::Any => f.write_str("any"),
        }
    }
}
