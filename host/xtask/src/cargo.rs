//! Starting cargo from inside cargo: which one, and which of the outer cargo's variables the inner
//! one must not see.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

/// The cargo that runs us, so that the inner build uses the same one; otherwise the one on `PATH`.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// A cargo that knows nothing of the outer build: for the guests' workspaces, which have another
/// target.
pub(crate) fn isolated() -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        if belongs_to_outer_build(&name) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether a variable describes the outer build rather than the person's machine (network,
/// registries, cache, colours).
fn belongs_to_outer_build(name: &OsStr) -> bool {
    const MACHINE: [&str; 8] = [
        "CARGO_HOME",
        "CARGO_REGISTRY_",
        "CARGO_REGISTRIES_",
        "CARGO_SOURCE_",
        "CARGO_NET_",
        "CARGO_HTTP_",
        "CARGO_TERM_",
        "CARGO_BUILD_JOBS",
    ];
    const OUTER: [&str; 12] = [
        "CARGO",
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "MAKEFLAGS",
        "MFLAGS",
        "NUM_JOBS",
        "OUT_DIR",
        "TARGET",
        "HOST",
        "OPT_LEVEL",
        "PROFILE",
        "DEBUG",
    ];
    let Some(name) = name.to_str() else {
        return false;
    };
    if MACHINE.iter().any(|kept| name.starts_with(kept)) {
        return false;
    }
    let prefixed = ["CARGO_", "RUSTC", "RUSTDOC", "DEP_", "CFG_"].iter().any(|prefix| name.starts_with(prefix));
    prefixed || OUTER.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outer_build_is_forgotten_and_the_machine_is_not() {
        let outer =
            ["RUSTC", "RUSTC_WRAPPER", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_PKG_NAME", "CARGO_MAKEFLAGS"];
        for name in outer.iter().chain(&["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "CARGO", "OUT_DIR", "MAKEFLAGS"]) {
            assert!(belongs_to_outer_build(OsStr::new(name)), "{name}");
        }
        let machine =
            ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_HTTP_PROXY", "CARGO_REGISTRIES_CORP_TOKEN", "CARGO_TERM_COLOR"];
        for name in machine.iter().chain(&["RUSTUP_TOOLCHAIN", "RUSTUP_HOME", "PATH", "HOME", "HTTPS_PROXY"]) {
            assert!(!belongs_to_outer_build(OsStr::new(name)), "{name}");
        }
    }
}
