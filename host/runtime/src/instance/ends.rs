//! The beginning and the end of an instance: what it lacks to start, the settings that it is given
//! first, and the time that it has to end by itself.

use std::time::Duration;

use cofferdam_grants::printable;
use rustix::io::Errno;
use tokio_util::sync::CancellationToken;
use wasmtime::component::Accessor;

use super::About;
use crate::abi::plugin_0_1_0::Exported;
use crate::state::State;

/// How long a guest has to end by itself.
pub const CLOSING: Duration = Duration::from_millis(500);

/// Hands the settings over, before everything else.
pub async fn begin(accessor: &Accessor<State>, exported: &Exported, about: &About) -> wasmtime::Result<()> {
    let Some(lifecycle) = &exported.lifecycle else { return Ok(()) };
    let begun = lifecycle.call_init(accessor, about.settings.clone());
    match tokio::time::timeout(about.limits.call, begun).await {
        Ok(begun) => begun?.map_err(|why| Unsettled(printable(&why, 1000).into_owned()).into()),
        Err(_) => Err(Unsettled(format!("it takes longer than {} s to begin", about.limits.call.as_secs_f64())).into()),
    }
}

/// Lets the guest end by itself. One that takes too long is ended.
pub async fn end(accessor: &Accessor<State>, exported: &Exported) -> wasmtime::Result<()> {
    let Some(lifecycle) = &exported.lifecycle else { return Ok(()) };
    tokio::time::timeout(CLOSING, lifecycle.call_close(accessor)).await.unwrap_or(Ok(()))
}

/// When a guest that was to end by itself has had the time for it.
pub async fn overdue(closing: &CancellationToken) {
    closing.cancelled().await;
    tokio::time::sleep(CLOSING).await;
}

/// The guest does not take its settings.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unsettled(String);

/// What a guest says against its settings, if that is why its instance ended.
pub fn unsettled(trap: &wasmtime::Error) -> Option<String> {
    trap.downcast_ref::<Unsettled>().map(|unsettled| unsettled.0.clone())
}

/// The system lacks something that an instance needs; what it says of it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Lacking(String);

/// What the system lacks, if that is why an instance did not start.
pub fn lacks(trap: &wasmtime::Error) -> Option<String> {
    trap.downcast_ref::<Lacking>().map(|lacking| lacking.0.clone())
}

/// Tells a lack of descriptors, memory or threads from what is the component's own fault.
pub fn not_instantiated(error: wasmtime::Error) -> wasmtime::Error {
    let of_system = |cause: &(dyn std::error::Error + 'static)| {
        let of_io = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error);
        of_io.or_else(|| cause.downcast_ref::<rustix::io::Errno>().map(|errno| errno.raw_os_error()))
    };
    let scarce = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::AGAIN].map(Errno::raw_os_error);
    match error.chain().find_map(of_system).filter(|code| scarce.contains(code)) {
        Some(code) => Lacking(std::io::Error::from_raw_os_error(code).to_string()).into(),
        None => error,
    }
}
