//! The events, one variant for each thing an operator may have to prove. Plain data; how they are written is a sink's affair.

use std::time::Duration;

use cofferdam_grants::{Denial, Resource};

/// What a decision came to.
#[derive(Clone, Copy, Debug)]
pub enum Decision<'a> {
    /// Granted.
    Allowed,
    /// Refused, and why.
    Denied(&'a Denial),
}

/// Something that happened in a plugin or on its behalf.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A plugin asked for an effect. Recorded before the answer is used.
    Ask {
        /// The plugin that asked.
        plugin: &'a str,
        /// What it asked for, canonical.
        resource: Resource,
        /// The answer.
        decision: Decision<'a>,
    },
    /// A call was handed to a plugin.
    CallStarted {
        /// The plugin.
        plugin: &'a str,
        /// The tool.
        tool: &'a str,
    },
    /// A call ended.
    CallEnded {
        /// The plugin.
        plugin: &'a str,
        /// The tool.
        tool: &'a str,
        /// `ok`, or the failure's stable code.
        outcome: &'a str,
        /// From the call's arrival to its answer.
        took: Duration,
    },
    /// A plugin was compiled and linked, ready for its first instance.
    Loaded {
        /// The plugin.
        plugin: &'a str,
        /// SHA-256 of the component, in hexadecimal.
        digest: &'a str,
    },
    /// An instance ended otherwise than by an orderly close; what it held is lost.
    InstanceLost {
        /// The plugin.
        plugin: &'a str,
        /// Why.
        reason: &'a str,
        /// Connections that were open.
        connections: usize,
    },
    /// A limit was hit, and the request beyond it refused.
    LimitHit {
        /// The plugin.
        plugin: &'a str,
        /// The limit's name in the policy.
        limit: &'static str,
    },
}
