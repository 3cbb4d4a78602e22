//! The arguments of both tools, and their ranges.

use std::time::Duration;

use cofferdam_sdk::{Failure, Integer};
use schemars::JsonSchema;
use serde::Deserialize;

// Which IP version.
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
    /// Name or IP address
    pub target: String,
    /// Echo requests to send, 1 to 1000
    #[schemars(default = "count")]
    pub count: Option<Integer>,
    /// From one request to the next (default 1000, at least 10)
    pub interval_ms: Option<Integer>,
    /// Bytes of payload, 0 to 65507 (default 56)
    pub size: Option<Integer>,
    /// Hop limit, 1 to 255 (default 64)
    pub ttl: Option<Integer>,
    /// After the last request (default 1000)
    pub timeout_ms: Option<Integer>,
    pub family: Option<Family>,
    /// To find the MTU of the way
    pub dont_fragment: Option<bool>,
}

fn count() -> Option<Integer> {
    Some(Integer(4))
}

#[derive(Deserialize, JsonSchema)]
pub struct Traceroute {
    /// Name or IP address
    pub target: String,
    /// 1 to 255 (default 30)
    pub max_hops: Option<Integer>,
    /// Requests for each hop, 1 to 10 (default 3)
    pub probes: Option<Integer>,
    /// For each answer (default 1300)
    pub timeout_ms: Option<Integer>,
    /// Bytes of payload, 0 to 65507 (default 32)
    pub size: Option<Integer>,
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
