//! The events, one variant for each thing an operator may have to prove. Plain data; how they are written is a sink's affair.

use std::time::Duration;

use cofferdam_grants::{Denial, Resource, RuleId};

/// What a decision came to.
#[derive(Clone, Copy, Debug)]
pub enum Decision<'a> {
    /// Granted, and by which rule; `None` for what needs no rule of its own.
    Allowed(Option<RuleId>),
    /// Refused, and why.
    Denied(&'a Denial),
}

/// Something that happened in a plugin or on its behalf.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A policy came into force.
    PolicyLoaded {
        /// All its rules as they are written, with their places. Sinks keep their digest and their number.
        rules: &'a [String],
    },
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
        /// The call's number, unique in this process.
        call: u64,
        /// On whose behalf.
        principal: &'a str,
        /// The program that the principal uses, where it has named itself.
        client: Option<&'a str>,
        /// The plugin.
        plugin: &'a str,
        /// SHA-256 of the component, in hexadecimal.
        digest: &'a str,
        /// The tool.
        tool: &'a str,
        /// The arguments, JSON. Sinks keep a keyed digest and the length, not the text.
        arguments: &'a str,
    },
    /// A call ended.
    CallEnded {
        /// The number that its start has.
        call: u64,
        /// On whose behalf.
        principal: &'a str,
        /// The plugin.
        plugin: &'a str,
        /// The tool.
        tool: &'a str,
        /// `ok`, or the failure's stable code.
        outcome: &'a str,
        /// From the call's arrival to its answer.
        took: Duration,
        /// Bytes of the answer: its text blocks.
        bytes_out: u64,
    },
    /// A plugin was compiled and linked, ready for its first instance.
    Loaded {
        /// The plugin.
        plugin: &'a str,
        /// SHA-256 of the component, in hexadecimal.
        digest: &'a str,
    },
    /// An instance ended otherwise than by an orderly close: it trapped, or was killed. What it held is lost.
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
