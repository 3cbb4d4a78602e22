//! Who is asked for names, and how: absolute names only, no search list, lifetimes honoured, every
//! lookup bounded in time and in sockets, one kind of address in a question. Which names may be
//! asked, and which answers are kept, is decided elsewhere.
//!
//! Lookups run on the host's own event loop, whichever thread asks: a guest that spins delays none.

mod ask;
mod hosts;
mod machine;
mod question;
mod server;
mod shared;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cofferdam_grants::{Limits, Permit, Resource};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::descriptors::Slot;
use super::lookups::{Full, LookupPlace, Lookups};
use ask::Servers;
use hosts::Hosts;
use machine::{Files, Stamp};
use shared::{Coming, Outcome, Shared};

/// How long the addresses of the other kind are waited for, once one kind is there (RFC 8305,
/// section 3: the resolution delay).
pub const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// A kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4, records of type A.
    V4,
    /// IPv6, records of type AAAA.
    V6,
}

impl Family {
    /// Both, in the order in which they are asked for.
    pub const BOTH: &[Self] = &[Self::V6, Self::V4];

    /// Whether an address is of this kind.
    pub fn has(self, address: IpAddr) -> bool {
        address.is_ipv4() == (self == Self::V4)
    }
}

/// The error for a permit that is for anything but a lookup.
const NO_LOOKUP: &str = "the permit is for no lookup";

/// The servers that the host asks when a granted name is looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NameServers {
    /// The machine's own (`/etc/resolv.conf`, `/etc/hosts`).
    #[default]
    System,
    /// These, over UDP and TCP.
    These(Vec<SocketAddr>),
}

/// The addresses of one kind that a name has, and until when that counts, where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub addresses: Arc<[IpAddr]>,
    pub until: Option<Instant>,
}

/// Why there are no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// The name does not exist.
    NoSuchName,
    /// The name has no addresses of the kind.
    NoAddresses,
    /// No server answered in time.
    NoAnswer,
    /// The servers answer, but not the question; or there are none.
    Failed(&'static str),
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchName => "no such name",
            Self::NoAddresses => "the name has no addresses",
            Self::NoAnswer => "the name server does not answer",
            Self::Failed(why) => why,
        })
    }
}

/// A resolver, and the lookups of the principal that it is used for. It is made on first use, and
/// again when the machine's files have changed.
#[derive(Clone)]
pub struct Names {
    machine: Arc<Machine>,
    lookups: Arc<Lookups>,
}

struct Machine {
    servers: NameServers,
    files: Files,
    /// Where lookups run; none where there was no runtime yet when this was made.
    on: Option<Handle>,
    made: Mutex<Option<(Stamp, Arc<Asked>)>>,
    own: Mutex<Option<(Stamp, Vec<SocketAddr>)>>,
}

/// Whom to ask, in this order, and what they have said.
struct Asked {
    hosts: Hosts,
    servers: Arc<Servers>,
    shared: Shared,
}

impl Names {
    /// Asks these servers, once there is something to ask, on the runtime that this is called on.
    pub fn new(servers: NameServers) -> Self {
        Self::with(servers, Files::default())
    }

    fn with(servers: NameServers, files: Files) -> Self {
        let (on, made, own) = (Handle::try_current().ok(), Mutex::default(), Mutex::default());
        let machine = Arc::new(Machine { servers, files, on, made, own });
        Self { machine, lookups: Arc::new(Lookups::new(&Limits::default())) }
    }

    /// The same resolver for a principal with these limits. Its instances share them.
    #[must_use]
    pub fn limited(&self, limits: &Limits) -> Self {
        Self { machine: Arc::clone(&self.machine), lookups: Arc::new(Lookups::new(limits)) }
    }

    /// The servers that the machine asks now; `None` where the policy names those of `system`
    /// itself.
    pub fn machine_servers(&self) -> Option<Vec<SocketAddr>> {
        let Machine { servers, files, own, .. } = &*self.machine;
        if *servers != NameServers::System {
            return None;
        }
        let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = files.stamp();
        let known = own.take().filter(|(at, _)| *at == stamp);
        let (_, servers) = own.insert(known.unwrap_or_else(|| (stamp, files.servers())));
        Some(servers.clone())
    }

    /// Whom to ask by what the machine's files say now.
    fn asked(&self) -> Arc<Asked> {
        let Machine { servers, files, made, .. } = &*self.machine;
        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = files.stamp();
        if let Some((_, asked)) = made.as_ref().filter(|(at, _)| *at == stamp) {
            return Arc::clone(asked);
        }
        let servers = match servers {
            NameServers::System => files.servers(),
            NameServers::These(servers) => servers.clone(),
        };
        let hosts = Hosts::read(&files.hosts_text());
        let asked = Arc::new(Asked { hosts, servers: Arc::new(Servers::new(&servers)), shared: Shared::default() });
        *made = Some((stamp, Arc::clone(&asked)));
        asked
    }

    /// The runtime on which lookups run.
    ///
    /// # Panics
    /// Outside of any runtime, if there was none when this was made either.
    pub fn runtime(&self) -> Handle {
        self.machine.on.clone().unwrap_or_else(Handle::current)
    }

    /// A place among the plugin's lookups for a question that a guest asks a name server itself.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn question(&self) -> Result<LookupPlace, Full> {
        self.lookups.begin()
    }

    /// Begins to look up the name that the permit is for. `room` gives the places for so many
    /// sockets, for a guest. What is known takes none, and counts against no limit.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn begin<E: From<Full>>(
        &self,
        permit: Permit,
        families: &[Family],
        room: impl FnOnce(usize) -> Result<Option<Slot>, E>,
    ) -> Result<Lookup, E> {
        let Resource::Name(name) = permit.resource() else {
            let refused = |family: &Family| (*family, Coming::Known(Err(Unresolved::Failed(NO_LOOKUP))));
            return Ok(Lookup { coming: families.iter().map(refused).collect(), held: None, on: self.runtime() });
        };
        let asked = self.asked();
        // A name in the hosts file is not asked for elsewhere, as on the machine itself.
        let own = asked.hosts.of(name);
        if !own.is_empty() {
            let of = |family: Family| -> Outcome {
                let addresses: Arc<[IpAddr]> = own.iter().copied().filter(|own| family.has(*own)).collect();
                if addresses.is_empty() {
                    Err(Unresolved::NoAddresses)
                } else {
                    Ok(Resolved { addresses, until: None })
                }
            };
            let coming = families.iter().map(|family| (*family, Coming::Known(of(*family)))).collect();
            return Ok(Lookup { coming, held: None, on: self.runtime() });
        }
        let known = families.iter().map(|family| asked.shared.known(name, *family)).collect::<Option<Vec<_>>>();
        if let Some(known) = known {
            let coming = families.iter().copied().zip(known.into_iter().map(Coming::Known)).collect();
            return Ok(Lookup { coming, held: None, on: self.runtime() });
        }
        // A name without a server to ask costs none of the lookups of a minute.
        let slot = room(families.len() * asked.servers.number())?;
        let (held, on) = (Some((self.lookups.begin()?, slot)), self.runtime());
        let ask = |family: &Family| {
            let work = ask::ask(Arc::clone(&asked.servers), name.clone(), *family);
            (*family, asked.shared.ask(&on, name, *family, work))
        };
        Ok(Lookup { coming: families.iter().map(ask).collect(), held, on })
    }
}

impl Names {
    /// All addresses of the name that the permit is for, for somebody who looks one name up.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn look_up(&self, permit: Permit) -> Result<Vec<IpAddr>, Unresolved> {
        let lookup = self.begin(permit, Family::BOTH, |_| Ok::<_, Full>(None));
        let mut lookup = lookup.map_err(|_| Unresolved::Failed("too many lookups"))?;
        let (mut addresses, mut why) = (Vec::new(), Unresolved::NoAddresses);
        while let Some((family, outcome)) = lookup.next().await {
            match outcome {
                Ok(found) if family == Family::V4 => drop(addresses.splice(0..0, found.addresses.iter().copied())),
                Ok(found) => addresses.extend(found.addresses.iter().copied()),
                Err(Unresolved::NoAddresses) => {}
                Err(other) => why = other,
            }
        }
        if addresses.is_empty() { Err(why) } else { Ok(addresses) }
    }
}

/// A lookup under way: an answer for each kind of address that was asked for, as it comes.
pub struct Lookup {
    coming: Vec<(Family, Coming)>,
    /// Its places among the lookups and the descriptors of the plugin, until the last answer is
    /// there.
    held: Option<(LookupPlace, Option<Slot>)>,
    on: Handle,
}

impl Lookup {
    /// The next answer; none when all were given. A wait that is given up loses nothing.
    pub async fn next(&mut self) -> Option<(Family, Outcome)> {
        if self.coming.is_empty() {
            return None;
        }
        // What is known comes first, in the order of the question.
        let at = match self.coming.iter().position(|(_, coming)| coming.is_known()) {
            Some(known) => known,
            None => {
                let waits = self.coming.iter_mut().map(|(_, coming)| {
                    Box::pin(async move {
                        drop(coming.outcome().await);
                    })
                });
                futures::future::select_all(waits).await.1
            }
        };
        let (family, mut coming) = self.coming.remove(at);
        let outcome = coming.outcome().await;
        if self.coming.is_empty() {
            self.held = None;
        }
        Some((family, outcome))
    }

    /// The answers as one list: all of them, or those that came a little after the first with
    /// addresses. Questions that are still under way go on, so that a later lookup has their
    /// answers.
    pub async fn all(mut self) -> Vec<(Family, Outcome)> {
        let mut all = Vec::new();
        let mut end = None;
        loop {
            let next = match end {
                None => self.next().await,
                Some(end) => match tokio::time::timeout_at(end, self.next()).await {
                    Ok(next) => next,
                    Err(_) => break,
                },
            };
            let Some((family, outcome)) = next else { return all };
            // That the name does not exist is said of all kinds.
            let says = matches!(outcome, Ok(_) | Err(Unresolved::NoSuchName));
            if says && end.is_none() {
                end = Some(Instant::now() + RESOLUTION_DELAY);
            }
            all.push((family, outcome));
        }
        let on = self.on.clone();
        on.spawn(async move { while self.next().await.is_some() {} });
        all
    }
}

/// The name servers that the machine itself asks (`/etc/resolv.conf`), on the port of DNS; none
/// where it does not say.
pub fn machine_servers() -> Vec<SocketAddr> {
    Files::default().servers()
}

#[cfg(test)]
#[path = "resolver_tests.rs"]
mod tests;
