//! Who is asked for names, and how: absolute names only, no search list, TTLs honoured, every lookup bounded in time. Which
//! names may be asked, and which answers kept, is decided elsewhere.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use cofferdam_grants::{Name, Permit};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use std::sync::{Arc, OnceLock};

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

/// A resolver, made on first use.
#[derive(Clone)]
pub struct Names(Arc<Lazy>);

struct Lazy {
    servers: NameServers,
    resolver: OnceLock<Result<TokioResolver, String>>,
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
        Self(Arc::new(Lazy { servers, resolver: OnceLock::new() }))
    }

    /// Looks a name up. The permit says that it may be. Gives its addresses, and for how long they count, where that is
    /// known.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn lookup(&self, permit: Permit, name: &Name) -> Result<(Vec<IpAddr>, Option<Duration>), Unresolved> {
        drop(permit);
        let resolver = self.0.resolver.get_or_init(|| resolver_for(&self.0.servers)).as_ref().map_err(|error| {
            tracing::error!(target: "cofferdam", "names cannot be looked up: {error}");
            Unresolved::Permanent
        })?;
        // The dot makes it absolute: no search list is applied.
        let lookup = resolver.lookup_ip(format!("{name}."));
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
    match hickory_resolver::system_conf::read_system_conf() {
        Ok((config, _)) => {
            config.name_servers().iter().map(|server| SocketAddr::new(server.ip, cofferdam_grants::DNS_PORT)).collect()
        }
        Err(_) => Vec::new(),
    }
}

/// A resolver that asks these servers.
///
/// # Errors
/// The system's configuration cannot be read.
pub fn resolver_for(servers: &NameServers) -> Result<TokioResolver, String> {
    let mut builder = match servers {
        NameServers::System => TokioResolver::builder_tokio().map_err(|error| error.to_string())?,
        NameServers::These(servers) => {
            let servers = servers.iter().map(|server| {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                NameServerConfig::new(server.ip(), true, connections.into())
            });
            let mut builder = TokioResolver::builder_with_config(
                ResolverConfig::from_name_servers(servers.collect()),
                TokioRuntimeProvider::default(),
            );
            *builder.options_mut() = ResolverOpts::default();
            builder
        }
    };
    let options = builder.options_mut();
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.timeout = Duration::from_secs(3);
    options.attempts = 2;
    builder.build().map_err(|error| error.to_string())
}
