//! Who is asked for names, and how: absolute names only, no search list, TTLs honoured, every lookup bounded in time. Which
//! names may be asked, and which answers kept, is decided elsewhere.

mod machine;
mod scoped;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cofferdam_grants::{Name, Permit};
use hickory_proto::op::Query;
use hickory_proto::rr::RecordType;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::{Hosts, Resolver};

use machine::{Files, Stamp};
use scoped::Scoped;

/// The longest a lookup may take, whatever the servers do.
const LOOKUP: Duration = Duration::from_secs(10);

/// Whom the host asks when a granted name is looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NameServers {
    /// The machine's own (`/etc/resolv.conf`, `/etc/hosts`).
    #[default]
    System,
    /// These, over UDP and TCP.
    These(Vec<SocketAddr>),
}

/// A resolver, made on first use, and again where the machine's files have changed.
#[derive(Clone)]
pub struct Names(Arc<Lazy>);

struct Lazy {
    servers: NameServers,
    files: Files,
    made: Mutex<Option<(Stamp, Arc<Asked>)>>,
    machine: Mutex<Option<(Stamp, Vec<SocketAddr>)>>,
}

/// Whom to ask, in this order.
struct Asked {
    hosts: Hosts,
    /// None where there is no server.
    resolver: Option<Resolver<Scoped>>,
}

/// Why a lookup gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// The name does not exist, or has no addresses.
    NoSuchName,
    /// No server answered in time.
    Temporary,
    /// The servers refuse, or there are none.
    Permanent,
}

impl Names {
    /// Asks these servers, once there is something to ask.
    pub fn new(servers: NameServers) -> Self {
        Self::with(servers, Files::default())
    }

    fn with(servers: NameServers, files: Files) -> Self {
        Self(Arc::new(Lazy { servers, files, made: Mutex::default(), machine: Mutex::default() }))
    }

    /// The servers that the machine asks now; `None` where the policy names those of `system` itself.
    pub fn machine_servers(&self) -> Option<Vec<SocketAddr>> {
        let Lazy { servers, files, machine, .. } = &*self.0;
        if *servers != NameServers::System {
            return None;
        }
        let mut machine = machine.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = files.stamp();
        let known = machine.take().filter(|(at, _)| *at == stamp);
        let (_, servers) = machine.insert(known.unwrap_or_else(|| (stamp, files.servers())));
        Some(servers.clone())
    }

    /// Whom to ask by what the machine's files say now.
    fn asked(&self) -> Result<Arc<Asked>, String> {
        let Lazy { servers, files, made, .. } = &*self.0;
        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = files.stamp();
        if let Some((_, asked)) = made.as_ref().filter(|(at, _)| *at == stamp) {
            return Ok(Arc::clone(asked));
        }
        let asked = Arc::new(Asked { hosts: hosts(files), resolver: resolver_for(servers, files)? });
        *made = Some((stamp, Arc::clone(&asked)));
        Ok(asked)
    }

    /// Looks a name up. The permit says that it may be. Gives its addresses, and for how long they count, where that is
    /// known.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn lookup(&self, permit: Permit, name: &Name) -> Result<(Vec<IpAddr>, Option<Duration>), Unresolved> {
        drop(permit);
        let asked = self.asked().map_err(|error| {
            tracing::error!(target: "cofferdam", "names cannot be looked up: {error}");
            Unresolved::Permanent
        })?;
        // The dot makes it absolute: no search list is applied.
        let name = format!("{name}.");
        // As the machine does it: who stands in its hosts file is not asked for elsewhere.
        let known = asked.known(&name);
        if !known.is_empty() {
            return Ok((known, None));
        }
        let lookup = asked.resolver.as_ref().ok_or(Unresolved::Permanent)?.lookup_ip(name);
        match tokio::time::timeout(LOOKUP, lookup).await {
            Err(_) => Err(Unresolved::Temporary),
            Ok(Err(error)) => Err(unresolved(&error)),
            Ok(Ok(found)) => {
                let ttl = found.valid_until().saturating_duration_since(Instant::now());
                Ok((found.iter().collect(), Some(ttl)))
            }
        }
    }
}

fn unresolved(error: &NetError) -> Unresolved {
    if error.is_no_records_found() {
        Unresolved::NoSuchName
    } else if matches!(error, NetError::Timeout | NetError::Busy | NetError::Io(_)) {
        Unresolved::Temporary
    } else {
        Unresolved::Permanent
    }
}

/// The name servers that the machine itself asks (`/etc/resolv.conf`), on the port of DNS; none where it does not say.
pub fn machine_servers() -> Vec<SocketAddr> {
    Files::default().servers()
}

impl Asked {
    /// The addresses that the hosts file has for a name.
    fn known(&self, name: &str) -> Vec<IpAddr> {
        let Ok(name) = hickory_proto::rr::Name::from_ascii(name) else { return Vec::new() };
        let of = |kind| self.hosts.lookup_static_host(&Query::query(name.clone(), kind));
        let found: Vec<_> = [RecordType::A, RecordType::AAAA].into_iter().filter_map(of).collect();
        let records = found.iter().flat_map(|lookup| lookup.answers());
        records.filter_map(|record| record.data.ip_addr()).collect()
    }
}

/// The machine's hosts file. One that is not there, or cannot be read, is empty.
#[expect(clippy::disallowed_methods, reason = "the machine's hosts file")]
fn hosts(files: &Files) -> Hosts {
    let mut hosts = Hosts::default();
    if let Ok(file) = std::fs::File::open(&files.hosts)
        && let Err(error) = hosts.read_hosts_conf(file)
    {
        tracing::warn!(target: "cofferdam", "the machine's hosts file cannot be read: {error}");
    }
    hosts
}

/// A resolver that asks these servers; none where there are none.
fn resolver_for(servers: &NameServers, files: &Files) -> Result<Option<Resolver<Scoped>>, String> {
    let (servers, believed) = match servers {
        NameServers::System => (files.servers(), false),
        NameServers::These(servers) => (servers.clone(), true),
    };
    if servers.is_empty() {
        return Ok(None);
    }
    let configs = servers.iter().map(|server| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = server.port();
            connection
        });
        NameServerConfig::new(server.ip(), believed, connections.into())
    });
    let config = ResolverConfig::from_name_servers(configs.collect());
    let mut builder = Resolver::builder_with_config(config, Scoped::new(&servers));
    let options = builder.options_mut();
    *options = ResolverOpts::default();
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.timeout = Duration::from_secs(3);
    options.attempts = 2;
    // That file has been looked at before.
    options.use_hosts_file = ResolveHosts::Never;
    builder.build().map(Some).map_err(|error| error.to_string())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a folder of the test's own")]
mod tests {
    use super::*;

    #[test]
    fn hosts_count_without_a_server_and_changes_are_seen() {
        let folder = std::env::temp_dir().join(format!("cofferdam-resolver-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let files = Files { servers: folder.join("resolv.conf"), hosts: folder.join("hosts") };
        let names = Names::with(NameServers::System, files.clone());
        let known = || names.asked().unwrap().known("printer.lab.example.");
        std::fs::write(&files.servers, "# no server\nsearch a..b\n").unwrap();
        std::fs::write(&files.hosts, "192.0.2.7 printer.lab.example\n2001:db8::7 Printer.Lab.Example\n").unwrap();
        assert_eq!(known(), ["192.0.2.7".parse::<IpAddr>().unwrap(), "2001:db8::7".parse().unwrap()]);
        assert!(names.asked().unwrap().resolver.is_none());
        // What tells files apart is which they are, and when they were written.
        std::fs::rename(&files.hosts, folder.join("old")).unwrap();
        std::fs::write(&files.hosts, "192.0.2.8 printer.lab.example\n").unwrap();
        assert_eq!(known(), ["192.0.2.8".parse::<IpAddr>().unwrap()]);
        let first = names.asked().unwrap();
        assert!(Arc::ptr_eq(&first, &names.asked().unwrap()), "what has not changed is not read again");
        assert_eq!(names.machine_servers(), Some(Vec::new()));
        std::fs::write(&files.servers, "nameserver 127.0.0.1\n").unwrap();
        assert!(names.asked().unwrap().resolver.is_some());
        assert_eq!(names.machine_servers(), Some(vec!["127.0.0.1:53".parse().unwrap()]));
        let named = Names::with(NameServers::These(Vec::new()), files.clone());
        assert_eq!(named.machine_servers(), None, "the policy's own do not follow the machine's");
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(known().is_empty() && names.asked().unwrap().resolver.is_none(), "files that are gone are empty");
    }
}
