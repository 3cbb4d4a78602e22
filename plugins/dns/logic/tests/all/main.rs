//! The logic of dig and nslookup over a DNS that is functions, and over anything at all.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod again;
mod anything;
mod asking;
mod limits;
mod world;
