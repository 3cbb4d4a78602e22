//! The rule language: rules as text, to the [`Rule`] they mean.
//!
//! Every refusal says which characters it is about and, where that can be known, how the rule
//! should read. Hosts are `host.rs`; what a rule covers is in `cofferdam-grants`; where rules
//! stand in a file is in `lower.rs`.

mod connect;
mod handler;
mod names;
mod path;
mod ping;
mod server;

use cofferdam_grants::Rule;

pub(crate) use connect::{further, parse_connect};
pub(crate) use handler::parse_handler;
pub(crate) use ping::{groups, is_of_groups, parse_ping};
pub(crate) use server::parse_server;

pub(crate) use crate::capability::Capability;
pub(crate) use crate::rule_text::{Purpose, RuleError};

/// Reads a rule.
///
/// # Errors
/// A [`RuleError`] about the first part that cannot be understood.
pub(crate) fn parse_rule(about: Capability, text: &str, purpose: Purpose) -> Result<Rule, RuleError> {
    Ok(match about {
        Capability::Connect => parse_connect(text, purpose)?.into(),
        Capability::Ping => parse_ping(text, purpose)?.into(),
        Capability::Resolve => names::parse_names(text)?.into(),
        Capability::Servers => parse_server(text, purpose)?.into(),
        Capability::Read => path::parse_path(text, purpose)?.into(),
        Capability::Handlers => parse_handler(text)?.into(),
    })
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
