//! Files of the host's that are pure but live in crates which need wasmtime: they are
//! compiled here once more, as they are, so that the fuzz targets build in a minute. Their
//! own tests run here as well.

#![allow(dead_code, missing_docs, unfulfilled_lint_expectations, reason = "a target uses a part of a file")]
#![allow(clippy::unwrap_used, reason = "their tests")]

#[path = "../../../host/runtime/src/component.rs"]
pub mod component;

#[path = "../../../host/runtime/src/enforce/icmp/message.rs"]
pub mod icmp;
