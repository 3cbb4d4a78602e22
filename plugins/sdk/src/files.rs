//! Where a plugin's files are, as granted. They are read with `std::fs`.

/// The roots that the policy's `read` rules grant: absolute paths. What lies below them can be
/// read.
///
/// It is there with the feature `files`: who has it imports WASI's `filesystem/preopens`.
#[cfg(target_arch = "wasm32")]
pub fn roots() -> Vec<String> {
    wasip2::filesystem::preopens::get_directories().into_iter().map(|(_, path)| path).collect()
}

/// The roots that the policy's `read` rules grant; outside a component there are none.
#[cfg(not(target_arch = "wasm32"))]
pub fn roots() -> Vec<String> {
    Vec::new()
}
