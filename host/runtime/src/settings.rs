//! The settings of all engines. Code that one of them has compiled runs on every other.

use wasmtime::Config;

/// What all engines have in common.
pub fn settings() -> Config {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true);
    lean(&mut config);
    // The default reserves what a guest may never use; a guard page is what keeps it inside all the
    // same.
    config.max_wasm_stack(1 << 20).async_stack_size(2 << 20);
    config
}

/// The settings of the engine of protocol handlers. A handler is called in the middle of a plugin's
/// function, on the same stack, of which it gets a part: a script that is nested as deep as it may
/// be needs more than 384 KiB. Its functions are synchronous.
pub fn handler_settings() -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true).max_wasm_stack(512 << 10);
    lean(&mut config);
    config
}

/// Code without what only debuggers read, a fifth of it: where in the component each instruction
/// comes from, and how a native debugger unwinds it. Backtraces name functions all the same.
fn lean(config: &mut Config) {
    config.generate_address_map(false).native_unwind_info(false);
}
