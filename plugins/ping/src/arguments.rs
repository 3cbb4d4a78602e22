//! The arguments of both tools, and their ranges.

use std::time::Duration;

use cofferdam_sdk::{Failure, Integer};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

#[derive(Deserialize, JsonSchema)]
pub struct Ping {
    /// Host name or IP address
    pub target: String,
    /// Echo requests to send, 1 to 1000
    #[schemars(default = "count")]
    pub count: Option<Integer>,
    /// Milliseconds from one request to the next (default 1000, at least 10)
    pub interval_ms: Option<Integer>,
    /// Bytes of payload in each request, 0 to 65507 (default 56)
    pub size: Option<Integer>,
    /// Hop limit (time to live) of the requests, 1 to 255 (default 64)
    pub ttl: Option<Integer>,
    /// Milliseconds to wait for answers after the last request (default 1000)
    pub timeout_ms: Option<Integer>,
    /// Use only this IP version (default: whichever the name has first)
    pub family: Option<Family>,
    /// Never fragment the requests: tells the MTU of the way (default false)
    pub dont_fragment: Option<bool>,
}

fn count() -> Option<Integer> {
    Some(Integer(4))
}

#[derive(Deserialize, JsonSchema)]
pub struct Traceroute {
    /// Host name or IP address
    pub target: String,
    /// Hops to try at most, 1 to 255 (default 30)
    pub max_hops: Option<Integer>,
    /// Echo requests for each hop, 1 to 10 (default 3)
    pub probes: Option<Integer>,
    /// Milliseconds to wait for each answer (default 1300)
    pub timeout_ms: Option<Integer>,
    /// Bytes of payload in each request, 0 to 65507 (default 32)
    pub size: Option<Integer>,
    /// Use only this IP version (default: whichever the name has first)
    pub family: Option<Family>,
}

impl Ping {
    /// Whether the caller has said how long it may take.
    pub fn has_times(&self) -> bool {
        self.count.is_some() || self.interval_ms.is_some() || self.timeout_ms.is_some()
    }
}

impl Traceroute {
    /// Whether the caller has said how long it may take.
    pub fn has_times(&self) -> bool {
        self.max_hops.is_some() || self.probes.is_some() || self.timeout_ms.is_some()
    }
}

pub use plugin_kit::within;

/// A time in milliseconds, up to an hour: no call lasts longer.
pub fn milliseconds(
    argument: &'static str,
    given: Option<Integer>,
    default: i64,
    least: i64,
) -> Result<Duration, Failure> {
    within(argument, given, default, least..=3_600_000).map(Duration::from_millis)
}
