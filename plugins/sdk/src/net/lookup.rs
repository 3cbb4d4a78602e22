//! The addresses that a host stands for, each kind as it comes. Whether a name may be looked up,
//! and which addresses are kept, is the host's to say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::Refusal;
use crate::names::{Answer, Error, Family, Lookup};
use crate::sockets::{IpAddress, IpAddressFamily};
use futures::stream::{LocalBoxStream, StreamExt as _};

use super::{Failed, Host};

/// After the addresses of one kind, so long is waited for those of the other (RFC 8305, section 3).
pub(crate) const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// The addresses of each kind, as they come.
pub(crate) type Answers = LocalBoxStream<'static, (IpAddressFamily, Result<Vec<IpAddress>, Missing>)>;

/// Why there are no addresses of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Denied,
    Invalid,
    NoSuchName,
    NoAddresses,
    NoAnswer,
    /// No answer has come, and the time for all of it is over.
    NotYet,
    Failed(String),
    Limit(String),
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(Refusal::Denied(_)) => Self::Denied,
            Error::Refused(refusal) => Self::Limit(refusal.words()),
            Error::InvalidName => Self::Invalid,
            Error::NoSuchName => Self::NoSuchName,
            Error::NoAddresses => Self::NoAddresses,
            Error::NoAnswer => Self::NoAnswer,
            Error::Failed(why) => Self::Failed(why),
        }
    }
}

impl Missing {
    /// Which of those for several kinds tells most.
    fn weight(&self) -> u8 {
        match self {
            Self::Limit(_) | Self::Invalid => 6,
            Self::Denied => 5,
            Self::NoSuchName => 4,
            Self::Failed(_) => 3,
            Self::NoAnswer => 2,
            Self::NotYet => 1,
            Self::NoAddresses => 0,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Denied => "the policy allows none of them",
            Self::Invalid => "not a valid name",
            Self::NoSuchName => "no such name",
            Self::NoAddresses => "there are none",
            Self::NoAnswer => "the name server does not answer",
            Self::NotYet => "the name server has not answered in time",
            Self::Failed(why) | Self::Limit(why) => why,
        }
    }
}

/// What is missing, by kind of address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Missings(Vec<(IpAddressFamily, Missing)>);

impl Missings {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, family: IpAddressFamily, missing: Missing) {
        self.0.push((family, missing));
    }

    /// Why there are addresses of none of the kinds that were asked for.
    pub(crate) fn failed(&self) -> Failed {
        let worst = self.0.iter().map(|(_, missing)| missing).max_by_key(|missing| missing.weight());
        let reason = match worst {
            Some(Missing::Denied) => return Failed::because("denied"),
            Some(Missing::Limit(_)) => "limit",
            _ => "dns",
        };
        let detail = match (&self.0[..], worst) {
            ([(family, Missing::NoAddresses)], _) => format!("there is no {} address for it", kind(*family)),
            (_, Some(Missing::NoAddresses) | None) => "the name has no addresses".to_owned(),
            (all, Some(worst @ (Missing::NoAnswer | Missing::NotYet | Missing::Failed(_))))
                if all.iter().any(|(_, own)| own != worst) =>
            {
                self.notes().join("; ")
            }
            (_, Some(worst)) => worst.text().to_owned(),
        };
        let inconclusive = !matches!(worst, Some(Missing::NoSuchName | Missing::NoAddresses) | None);
        Failed { reason, detail: Some(detail), inconclusive }
    }

    /// What is not known about the kinds that are missing, a line for each.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.0.iter().map(|(family, missing)| format!("{} addresses: {}", kind(*family), missing.text())).collect()
    }

    /// The same of those that might be there.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let is_doubtful =
            |missing: &Missing| matches!(missing, Missing::NoAnswer | Missing::NotYet | Missing::Failed(_));
        let doubtful = |(_, missing): &&(_, Missing)| is_doubtful(missing);
        Self(self.0.iter().filter(doubtful).cloned().collect()).notes()
    }
}

pub(crate) fn kind(family: IpAddressFamily) -> &'static str {
    match family {
        IpAddressFamily::Ipv4 => "IPv4",
        IpAddressFamily::Ipv6 => "IPv6",
    }
}

/// An answer for each kind that is asked for, as it comes.
pub(crate) fn answers(name: &str, family: Option<IpAddressFamily>) -> Result<Answers, Failed> {
    let wanted = family.map(|family| match family {
        IpAddressFamily::Ipv4 => Family::Ipv4,
        IpAddressFamily::Ipv6 => Family::Ipv6,
    });
    let lookup = Lookup::start(name, wanted).map_err(|error| {
        let mut missing = Missings::default();
        missing.push(family.unwrap_or(IpAddressFamily::Ipv4), error.into());
        missing.failed()
    })?;
    // One wait for each answer, which is never given up while somebody still wants it.
    let answers = futures::stream::unfold(lookup, |lookup| async move {
        let Answer { family, addresses } = lookup.next().await?;
        let family = match family {
            Family::Ipv4 => IpAddressFamily::Ipv4,
            Family::Ipv6 => IpAddressFamily::Ipv6,
        };
        let dialled = |addresses: Vec<_>| addresses.iter().map(of).collect();
        Some(((family, addresses.map(dialled).map_err(Missing::from)), lookup))
    });
    Ok(answers.boxed_local())
}

/// The addresses that a host stands for, of one kind or of both: itself, or what a lookup of the
/// name gives. Those of the one kind do not wait for a name server that is silent about the other.
///
/// # Errors
/// Why there are none: `denied`, `limit`, or `dns` with what the lookup said.
pub async fn addresses(host: &Host, family: Option<IpAddressFamily>) -> Result<Vec<IpAddress>, Failed> {
    let name = match host {
        Host::V4(address) => return Ok(vec![v4(*address)]),
        Host::V6 { address, zone: None } => return Ok(vec![v6(*address)]),
        Host::V6 { zone: Some(zone), .. } => {
            let detail = format!("an address with a zone (`%{zone}`) cannot be used here");
            return Err(Failed { reason: "unreachable", detail: Some(detail), inconclusive: false });
        }
        Host::Name(name) => name,
    };
    let mut answers = answers(name, family)?;
    let (mut found, mut missing) = (Vec::new(), Missings::default());
    loop {
        let next = match found.is_empty() {
            true => answers.next().await,
            false => crate::timeout(RESOLUTION_DELAY, answers.next()).await.flatten(),
        };
        match next {
            None if found.is_empty() => return Err(missing.failed()),
            None => return Ok(found),
            Some((IpAddressFamily::Ipv4, Ok(four))) => drop(found.splice(0..0, four)),
            Some((IpAddressFamily::Ipv6, Ok(six))) => found.extend(six),
            Some((family, Err(why))) => missing.push(family, why),
        }
    }
}

/// An address as sockets have it.
fn of(address: &crate::IpAddress) -> IpAddress {
    match IpAddr::from(address) {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

pub(crate) fn v4(address: Ipv4Addr) -> IpAddress {
    let [a, b, c, d] = address.octets();
    IpAddress::Ipv4((a, b, c, d))
}

/// An IPv4 address in IPv6's clothing is dialled as what it is.
pub(crate) fn v6(address: Ipv6Addr) -> IpAddress {
    if let Some(plain) = address.to_ipv4_mapped() {
        return v4(plain);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    IpAddress::Ipv6((a, b, c, d, e, f, g, h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use IpAddressFamily::{Ipv4, Ipv6};

    fn failed(all: &[(IpAddressFamily, Missing)]) -> (&'static str, Option<String>, bool) {
        let Failed { reason, detail, inconclusive } = Missings(all.to_vec()).failed();
        (reason, detail, inconclusive)
    }

    #[test]
    fn what_did_not_answer_is_told() {
        let dns = |detail: &str, inconclusive| ("dns", Some(detail.to_owned()), inconclusive);
        let (silent, none) = (Missing::NoAnswer, Missing::NoAddresses);
        assert_eq!(
            failed(&[(Ipv4, silent.clone()), (Ipv6, silent.clone())]),
            dns("the name server does not answer", true)
        );
        assert_eq!(
            failed(&[(Ipv4, none.clone()), (Ipv6, silent.clone())]),
            dns("IPv4 addresses: there are none; IPv6 addresses: the name server does not answer", true)
        );
        assert_eq!(failed(&[(Ipv6, silent)]), dns("the name server does not answer", true));
        assert_eq!(failed(&[(Ipv6, none.clone())]), dns("there is no IPv6 address for it", false));
        assert_eq!(failed(&[(Ipv6, none.clone()), (Ipv4, none.clone())]), dns("the name has no addresses", false));
        assert_eq!(failed(&[(Ipv6, Missing::NoSuchName), (Ipv4, Missing::NoAnswer)]), dns("no such name", false));
        assert_eq!(failed(&[(Ipv6, none), (Ipv4, Missing::Denied)]), ("denied", None, false));
        let late = Missing::NotYet;
        assert_eq!(
            failed(&[(Ipv4, late.clone()), (Ipv6, late.clone())]),
            dns("the name server has not answered in time", true)
        );
        assert_eq!(
            failed(&[(Ipv4, Missing::NoAddresses), (Ipv6, late.clone())]),
            dns("IPv4 addresses: there are none; IPv6 addresses: the name server has not answered in time", true)
        );
        let doubts = Missings(vec![(Ipv4, Missing::NoAddresses), (Ipv6, late)]).doubts();
        assert_eq!(doubts, ["IPv6 addresses: the name server has not answered in time"]);
        let full = Missing::Limit("the limit of 1 lookups".to_owned());
        assert_eq!(failed(&[(Ipv4, full)]), ("limit", Some("the limit of 1 lookups".to_owned()), true));
    }
}
