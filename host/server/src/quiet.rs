//! What may not be logged. rmcp writes whole requests and results into its events, arguments included, some at `debug`
//! and some at `warn`; this crate's own events name methods, sizes and counts only.

use tracing::Metadata;

/// Whether an event or span may reach a log: false for everything of rmcp's, at every level.
///
/// Combine it with the subscriber's own filter (`filter.and(filter_fn(may_log))`), so that no setting of the user's
/// (`RUST_LOG=rmcp=trace`) can bring tool arguments or results into the log.
pub fn may_log(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target != "rmcp" && !target.starts_with("rmcp::")
}
