//! The settings of all engines. Code that one of them has compiled runs on every other.

use wasmtime::Config;

/// What all engines have in common.
pub fn settings() -> Config {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true);
    // The default reserves what a guest may never use; a guard page is what keeps it inside all the
    // same.
    config.max_wasm_stack(1 << 20).async_stack_size(2 << 20);
    config
}
