//! Tests of scripts, natively, in one binary. `memory.rs` is one of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

/// What they share.
mod common;

/// What scripts are given, keep and do, and what is told of their faults.
mod behaviour;
/// The examples, with the values of the documents.
mod examples;
/// Each bound, with a twin that is within.
mod hostile;
/// No source makes the engine panic.
mod properties;
/// The reference, each example of it.
mod reference;
