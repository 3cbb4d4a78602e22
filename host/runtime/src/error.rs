//! Why a plugin could not be loaded, and why a call came to nothing. Each error has a stable code
//! and a message that names the thing. What the tool itself refuses is [`CallError::Failed`].

use std::time::Duration;

use cofferdam_audit::Unwritten;

/// A plugin cannot be used. The message is for operators and models alike.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It imports something that this host does not have.
    #[error("the `{plugin}` plugin imports `{import}`, which this version does not offer")]
    UnknownImport {
        /// The plugin.
        plugin: String,
        /// The import, as the component names it.
        import: String,
    },
    /// It is no component, or not one of our world.
    #[error("the `{plugin}` plugin is not a component that can be loaded: {cause}")]
    Invalid {
        /// The plugin.
        plugin: String,
        /// What is wrong with it.
        cause: String,
    },
    /// It was not compiled, for a reason that may pass.
    #[error("the `{plugin}` plugin could not be compiled: {cause}; try again later")]
    NotCompiled {
        /// The plugin.
        plugin: String,
        /// Why.
        cause: String,
    },
    /// It takes longer to compile than the operator allows.
    #[error("the `{plugin}` plugin is still being compiled after {} s (limit `compile`); try again later", .after.as_secs_f64())]
    TooSlow {
        /// The plugin.
        plugin: String,
        /// The limit.
        after: Duration,
    },
    /// The server ended while it was compiled.
    #[error("the server is shutting down")]
    Stopped,
}

impl LoadError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownImport { .. } | Self::Invalid { .. } => "plugin_invalid",
            Self::NotCompiled { .. } | Self::TooSlow { .. } => "not_ready",
            Self::Stopped => "shutting_down",
        }
    }
}

/// A call came to nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The plugin cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The plugin has as many calls as it may.
    #[error("the `{plugin}` plugin has {most} calls already (limit `{limit}`); try again later")]
    Overloaded {
        /// The plugin.
        plugin: String,
        /// The limit's name in the policy.
        limit: &'static str,
        /// What it is.
        most: u32,
    },
    /// The process has no memory left for the call.
    #[error("the server has no memory left for the `{plugin}` plugin (limit `total_memory`); try again later")]
    NoMemory {
        /// The plugin.
        plugin: String,
    },
    /// The system lacks what an instance needs to start. The guest has not seen the call.
    #[error("the `{plugin}` plugin cannot start: {why}; try again later")]
    NotStarted {
        /// The plugin.
        plugin: String,
        /// What is lacking, as the system says it.
        why: String,
    },
    /// The plugin was called more often than it may be.
    #[error("the `{plugin}` plugin takes {most} calls a minute (limit `calls_per_minute`); try again in {} ms", .wait.as_millis().max(1))]
    RateLimited {
        /// The plugin.
        plugin: String,
        /// The limit.
        most: u32,
        /// When there is room for one more.
        wait: Duration,
    },
    /// The caller no longer wanted the answer.
    #[error("the call was cancelled")]
    Cancelled,
    /// The call took too long.
    #[error("the call took longer than its deadline of {} ms", .after.as_millis())]
    Deadline {
        /// How long it was given.
        after: Duration,
        /// Whether that is the operator's limit `call`, and not the caller's own.
        by_policy: bool,
    },
    /// The instance ended under the call.
    #[error(
        "the `{plugin}` plugin ended: {reason}; its {connections} open connections are lost, the next call finds a fresh instance"
    )]
    InstanceLost {
        /// The plugin.
        plugin: String,
        /// The limit that ended it, by its name in the policy, if one did.
        limit: Option<&'static str>,
        /// Why.
        reason: String,
        /// Connections that were open.
        connections: usize,
    },
    /// It asked for something that could not be recorded.
    #[error(transparent)]
    Unrecorded(Unwritten),
    /// The server is going down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The answer is longer than the operator's limit.
    #[error("the answer has {bytes} bytes, the limit is {limit}; ask for less at once")]
    OutputTooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The plugin's answer is not what the contract says.
    #[error("the `{plugin}` plugin answered with something that is not {expected}")]
    OutputInvalid {
        /// The plugin.
        plugin: String,
        /// What the contract asks for there.
        expected: &'static str,
    },
    /// The tool itself failed.
    #[error("{message}")]
    Failed {
        /// The tool's own stable code.
        code: String,
        /// What happened.
        message: String,
        /// Further members of the failure's JSON object.
        details: serde_json::Map<String, serde_json::Value>,
        /// Whether trying again can help, where that is known.
        retry: Option<bool>,
    },
    /// The tool says that it has stopped at its deadline.
    #[error("the call took longer than its deadline")]
    OwnDeadline,
    /// The plugin does not take the operator's settings.
    #[error("the `{plugin}` plugin does not take its settings: {why}")]
    Settings {
        /// The plugin.
        plugin: String,
        /// What is wrong with them.
        why: String,
    },
}

impl CallError {
    /// Whether trying again later can help, because the code could not be made ready for now.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Load(LoadError::NotCompiled { .. } | LoadError::TooSlow { .. }))
    }

    /// The limit that was hit, by its name in the policy, if it was one.
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::Load(LoadError::TooSlow { .. }) => Some("compile"),
            Self::Overloaded { limit, .. } => Some(limit),
            Self::NoMemory { .. } => Some("total_memory"),
            Self::RateLimited { .. } => Some("calls_per_minute"),
            Self::OutputTooLarge { .. } => Some("output"),
            Self::Deadline { by_policy: true, .. } => Some("call"),
            Self::InstanceLost { limit, .. } => *limit,
            _ => None,
        }
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Load(error) => error.code(),
            Self::Overloaded { .. } | Self::NoMemory { .. } | Self::NotStarted { .. } => "overloaded",
            Self::RateLimited { .. } => "rate_limited",
            Self::Cancelled => "cancelled",
            Self::Deadline { .. } | Self::OwnDeadline => "deadline",
            Self::Settings { .. } => "invalid_settings",
            Self::InstanceLost { .. } => "instance_lost",
            Self::Unrecorded(_) => "audit_failed",
            Self::ShuttingDown => "shutting_down",
            Self::OutputTooLarge { .. } => "output_too_large",
            Self::OutputInvalid { .. } => "output_invalid",
            Self::Failed { code, .. } => code,
        }
    }
}
