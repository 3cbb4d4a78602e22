//! The decision: the only place that answers whether a plugin may do something (invariant I3).
//!
//! Pure and total over [`Ask`]. It looks nothing up, opens nothing and writes nothing; refusals
//! are put into words in `denial.rs`. Each kind of ask has a file of its own beneath.

mod bind;
mod handler;
mod lookup;
mod peer;
mod permit;
mod query;
mod read;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use peer::Use;
pub use permit::Permit;

use crate::denial::Near;
use crate::{Ask, Denial, Grants, NameUse, Reason, RuleId, Zone, canonical, canonical_socket};

/// The rules that allow the ask, or what came nearest to allowing it.
type Verdict = Result<Vec<RuleId>, Near>;

impl Grants {
    /// Answers an ask. Allowed is what an allow rule covers and the manifest wants, unless a deny
    /// rule covers it too. A deny rule for addresses wins over rules and pins alike, in every
    /// IPv4-in-IPv6 spelling; a deny rule for a name denies the name and its pins, not the
    /// addresses that the name happens to lead to.
    ///
    /// # Errors
    /// The [`Denial`], with the reason that came nearest to a permit.
    pub fn decide(&self, ask: &Ask<'_>) -> Result<Permit, Denial> {
        let verdict = match *ask {
            Ask::Resolve { name } => self.resolve(name),
            Ask::Pin { name, address } => self.pin(name, canonical(address)),
            Ask::Connect { protocol, to, zone, pins, now } => {
                let to = canonical_socket(to);
                match zone_of(scope(to), zone) {
                    Some(zone) => self.peer(Use::Dial(protocol, to.port()), to.ip(), zone.as_deref(), pins, now),
                    None => Err(Near::because(Reason::ZoneNotGranted)),
                }
            }
            Ask::Ping { to, zone, .. } if misplaced(canonical(to), zone) => Err(Near::because(Reason::ZoneNotGranted)),
            Ask::Ping { to, zone, pins, now } => self.peer(Use::Ping, canonical(to), zone, pins, now),
            Ask::Query { server, name, system } => self.query(canonical_socket(server), name, system),
            Ask::Read { path } => self.read(path),
            Ask::Handler { name } => self.handler(name),
            Ask::Bind { protocol, at } => self.bind(protocol, canonical_socket(at)),
            Ask::Listen { .. } | Ask::Accept { .. } => Err(Near::because(Reason::NotYetAvailable)),
        };
        let near = match verdict {
            Ok(rules) => match Permit::new(ask.resource(), rules) {
                Some(permit) => return Ok(permit),
                None => Near::because(Reason::NoRule),
            },
            Err(near) => near,
        };
        Err(Denial::new(ask.resource(), near))
    }

    /// Whether a name could be used, once its addresses are known and filtered, and over which
    /// rules: a lookup, its pins and an ask for each address come to the same for every address
    /// that the rules let the name lead to. This permits nothing.
    ///
    /// # Errors
    /// The [`Denial`], with the reason that came nearest.
    pub fn would_allow(&self, how: &NameUse<'_>) -> Result<Vec<RuleId>, Denial> {
        let verdict = match *how {
            NameUse::Dial { protocol, name, port } => self.name_for(Use::Dial(protocol, port), name),
            NameUse::Ping { name } => self.name_for(Use::Ping, name),
        };
        verdict.map_err(|near| Denial::new(how.resource(), near))
    }
}

/// The zone in an address; 0 where there is none.
fn scope(to: SocketAddr) -> u32 {
    match to {
        SocketAddr::V6(six) => six.scope_id(),
        SocketAddr::V4(_) => 0,
    }
}

/// The zone that an ask is about: what the system would dial by has to be what the asker says of
/// it. `None` where the two disagree.
fn zone_of(index: u32, said: Option<&Zone>) -> Option<Option<Cow<'_, Zone>>> {
    match (index, said) {
        (0, None) => Some(None),
        (index, None) => Some(Some(Cow::Owned(Zone { index, name: None }))),
        (index, Some(zone)) => (index != 0 && zone.index == index).then_some(Some(Cow::Borrowed(zone))),
    }
}

/// The answer about `localhost` from those about its two addresses: one that allows it, or the
/// refusal of the first, unless that is one that the manifest does not want and the other is not.
fn nearer(four: Verdict, six: Verdict) -> Verdict {
    match (four, six) {
        (Ok(rules), _) | (Err(_), Ok(rules)) => Ok(rules),
        (Err(four), Err(six)) if four.reason() == Reason::NotWanted && six.reason() != Reason::NotWanted => Err(six),
        (Err(four), Err(_)) => Err(four),
    }
}

/// The reason why nothing of a zone reaches an address that has none: an IPv4 address has no zone.
fn misplaced(address: IpAddr, zone: Option<&Zone>) -> bool {
    zone.is_some_and(|zone| address.is_ipv4() || zone.index == 0)
}

#[cfg(test)]
mod tests;
