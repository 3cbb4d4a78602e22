//! From TOML and flags to grants.
//!
//! This crate reads what the operator wrote (policy files, flags) and what a plugin wants (its
//! manifest), reports every mistake at once, and intersects the two in [`effective`], the only
//! place where grants are born. It does no I/O: texts and environment variables are handed in. It
//! is the only crate that knows TOML, and it decides nothing: that is `cofferdam-grants`.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot go on has failed"))]

// How mistakes are told.
mod diagnostic;

// The file as written.
mod capability;
mod file;
mod keys;

// Its values: rules, quantities, variables, settings.
mod address;
mod expand;
mod host;
mod json;
mod quantity;
mod rule;
mod rule_text;

// The policy that they make.
mod breadth;
mod canonical;
mod check;
mod itmcp;
mod limits;
mod lower;
mod policy;
mod starter;

// The plugin's side, and both together.
mod advice;
mod effective;
mod explain;
mod idle;
mod listing;
mod manifest;
mod mend;
mod question;

pub use cofferdam_grants::{LIMITS, Limit, Limits, cut, harmless_json, is_harmful, plain, printable, quoted};

pub use advice::Advice;
pub use capability::{Flag, Status, flags};
pub use check::{Checked, check};
pub use diagnostic::{Diagnostic, Severity};
pub use effective::{Effective, effective};
pub use explain::{Explanation, Observed, Passed, Step, Verdict, explain, file_to_try, lookup_permit};
pub use json::toml_to_json;
pub use keys::{Key, Section, keys};
pub use listing::{Listing, Unlisted};
pub use lower::parse;
pub use manifest::{ABI, Instance, Kind, Manifest, Needs, Want};
pub use policy::{Part, PluginTable, Policy, RuleSource};
pub use quantity::{duration, show};
pub use question::Question;
pub use starter::STARTER;
