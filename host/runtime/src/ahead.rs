//! Code that is compiled ahead, for every CPU of a named baseline. A release brings it along, so
//! that the first call waits for no compiler. It belongs to the component whose digest it is kept
//! under.

use wasmtime::{Config, Engine};

use crate::component::unpacked;
use crate::settings::{handler_settings, settings};

/// What code is compiled for: what nearly every machine has that runs a server today.
#[cfg(target_arch = "x86_64")]
pub const BASELINE: &str = "x86-64-v2";
#[cfg(not(target_arch = "x86_64"))]
pub const BASELINE: &str = std::env::consts::ARCH;

/// Compiles a component, of a plugin or of a protocol handler, for the baseline. Takes as long as a
/// compiler needs. The component may be packed; the code is not.
///
/// # Errors
/// It cannot be compiled, or this program has no compiler for its own architecture.
pub fn compile_ahead(component: &[u8], handler: bool) -> Result<Vec<u8>, String> {
    let told = |error: wasmtime::Error| format!("{error:#}");
    let engine = Engine::new(&baseline(handler).map_err(told)?).map_err(told)?;
    engine.precompile_component(&unpacked(component)?).map_err(told)
}

fn baseline(handler: bool) -> wasmtime::Result<Config> {
    let mut config = if handler { handler_settings() } else { settings() };
    // With a named target, the code uses nothing of this machine's CPU but what is enabled here.
    config.target(&triple())?;
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "it is unsafe to run on a CPU that has less: loading checks what the CPU has")]
    // SAFETY: the engine that loads the code refuses it where this CPU lacks what it was compiled
    // for.
    unsafe {
        config.cranelift_flag_enable(BASELINE);
    }
    Ok(config)
}

/// The target that this program was compiled for, as the compiler names it.
fn triple() -> String {
    let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
    match os {
        "macos" => format!("{arch}-apple-darwin"),
        _ if cfg!(target_env = "musl") => format!("{arch}-unknown-{os}-musl"),
        _ => format!("{arch}-unknown-{os}-gnu"),
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::component::Component;

    use super::*;

    #[test]
    fn what_was_compiled_ahead_runs_here() {
        let empty = b"\0asm\x0d\0\x01\0";
        for (handler, settings) in [(false, settings()), (true, handler_settings())] {
            let code = compile_ahead(empty, handler).unwrap();
            #[expect(unsafe_code, reason = "the code was made just now")]
            // SAFETY: it is what `compile_ahead` has made.
            let loaded = unsafe { Component::deserialize(&Engine::new(&settings).unwrap(), &code) };
            loaded.unwrap();
        }
    }
}
