//! Refusals, each beside its allowed twin: what is not granted is not reached, in
//! whatever spelling, and both the model and the operator are told. What guests attempt
//! besides is in `hostile.rs`.

mod addresses;
mod files;
mod names;
mod ping;
mod processes;
mod queries;
mod roots;
