//! What may be asked, what was granted, and the decision: pure data.
//!
//! This crate answers one question, "may this plugin do that?", through one function,
//! [`Grants::decide`]. It knows no files, no sockets, no clock, no TOML and no WebAssembly: time
//! comes in as a [`Moment`], rules come in from `cofferdam-policy`, and effects happen elsewhere,
//! against the [`Permit`] that only `decide` can make.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot go on has failed"))]

// The words that rules and asks are made of.
mod cidr;
mod moment;
mod name;
mod path;
mod ports;
mod protocol;
mod query;
mod text;
mod zone;

// What an address is.
mod embed;
mod range;

// What is asked, what was granted, what was kept.
mod ask;
mod at_path;
mod grants;
mod limits;
mod name_use;
mod pins;
mod resource;
mod rule;

// The answer.
mod decide;
mod denial;

#[cfg(test)]
mod testing;

pub use ask::Ask;
pub use at_path::AtPath;
pub use cidr::{Cidr, CidrError};
pub use decide::Permit;
pub use denial::{Denial, Reason, Remedy};
pub use embed::{canonical, canonical_socket, embedded_v4, is_compatible};
pub use grants::{Granted, Grants, GrantsBuilder};
pub use limits::{LIMITS, Limit, Limits, Unit};
pub use moment::Moment;
pub use name::{Name, NameError};
pub use name_use::NameUse;
pub use path::{AbsolutePath, PathError};
pub use pins::{MAX_PINS, Pin, Pins};
pub use ports::{Ports, PortsError};
pub use protocol::Protocol;
pub use query::{QueryName, QueryNameError};
pub use range::{METADATA, Range, SPECIAL, Special, classify, is_barren, is_closed};
pub use resource::Resource;
pub use rule::{
    ConnectRule, DNS_PORT, HandlerName, HandlerRule, Host, Peers, PingRule, ResolveRule, Rule, RuleId, ServerRule,
    Servers, is_component_name,
};
pub use text::{cut, harmless_json, is_harmful, plain, printable, printable_text, quoted};
pub use zone::{Zone, ZoneName};
