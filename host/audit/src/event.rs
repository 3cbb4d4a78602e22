//! The events, one variant for each thing an operator may have to prove. Plain data; how they are
//! written is a sink's affair.

use std::time::Duration;

use cofferdam_grants::{Denial, Resource, RuleId};

/// What a decision came to.
#[derive(Clone, Copy, Debug)]
pub enum Decision<'a> {
    /// Granted, and by which rule; `None` for what needs no rule of its own.
    Allowed(Option<RuleId>),
    /// Refused, and why.
    Denied(&'a Denial),
    /// Refused whatever the policy says, with a stable code: `own-file`, `process-file`,
    /// `outside-root`.
    Refused(&'static str),
}

/// On whose behalf a plugin acts: the call that is the cause, where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The call's number, unique in this process.
    pub call: u64,
    /// The principal.
    pub principal: String,
    /// The program that the principal uses, where it has named itself.
    pub client: Option<String>,
}

/// Something that happened in a plugin or on its behalf.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A policy came into force.
    PolicyLoaded {
        /// Everything that it says, in a canonical form. Sinks keep its digest.
        text: &'a str,
        /// How many rules it has.
        rules: usize,
    },
    /// A plugin asked for an effect. Recorded before the answer is used.
    Ask {
        /// The plugin that asked.
        plugin: &'a str,
        /// The call on whose behalf, also after it was answered; `None` where a plugin asks by
        /// itself.
        caller: Option<&'a Caller>,
        /// What it asked for, canonical.
        resource: Resource,
        /// The answer.
        decision: Decision<'a>,
    },
    /// A call was handed to a plugin.
    CallStarted {
        /// The call, and on whose behalf.
        caller: &'a Caller,
        /// The plugin.
        plugin: &'a str,
        /// SHA-256 of the component, in hexadecimal.
        digest: &'a str,
        /// The tool.
        tool: &'a str,
        /// The arguments, JSON. Sinks keep a keyed digest and the length; the text only where the
        /// operator asked for it.
        arguments: &'a str,
    },
    /// A call ended.
    CallEnded {
        /// As at its start.
        caller: &'a Caller,
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
    /// A plugin was not loaded, and none of its tools can be called.
    LoadRefused {
        /// The plugin, or its file.
        plugin: &'a str,
        /// Why.
        cause: &'a str,
    },
    /// An instance ended otherwise than by an orderly close: it trapped, or was killed. What it
    /// held is lost.
    InstanceLost {
        /// The plugin.
        plugin: &'a str,
        /// The call that the instance was for, where it was for one only.
        caller: Option<&'a Caller>,
        /// The limit that ended it, by its name in the policy, if one did.
        limit: Option<&'static str>,
        /// Why.
        reason: &'a str,
        /// Connections that were open.
        connections: usize,
    },
    /// A protocol handler trapped, used too much, or answered what it must not. Its connection goes
    /// on without it.
    HandlerCut {
        /// The plugin whose connection it was on.
        plugin: &'a str,
        /// The call that began to use it.
        caller: Option<&'a Caller>,
        /// The handler.
        handler: &'a str,
        /// The limit that was the reason, by its name in the policy, if one was.
        limit: Option<&'static str>,
        /// Why.
        reason: &'a str,
    },
    /// A limit was hit, and the request beyond it refused.
    LimitHit {
        /// The plugin.
        plugin: &'a str,
        /// The call that was refused, or on whose behalf the plugin asked; `None` where that is not
        /// known.
        caller: Option<&'a Caller>,
        /// The limit's name in the policy.
        limit: &'static str,
    },
}
