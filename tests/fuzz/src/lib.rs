//! The bodies of the fuzz targets, one file each, and the two ways to drive them: libFuzzer
//! under `--cfg fuzzing`, and [`drive`] everywhere else. A body takes any bytes and panics if
//! what must hold does not.

#![allow(clippy::disallowed_methods, reason = "tests read and forge files")]

// The targets.
pub mod addresses;
pub mod audit_chain;
pub mod component_heads;
pub mod dns_answers;
pub mod encodings;
pub mod file_pages;
pub mod grep_patterns;
pub mod handler_frames;
pub mod handler_http1;
pub mod handler_irc;
pub mod handler_json;
pub mod handler_lines;
pub mod handler_modbus;
pub mod handler_mqtt;
pub mod handler_nmea;
pub mod handler_redis;
pub mod handler_smtp;
pub mod icmp_messages;
pub mod manifest_section;
pub mod mcp_lines;
pub mod policy_files;
pub mod rules;
pub mod telnet_stream;
pub mod trigger_scripts;

// What targets of handlers have in common.
pub mod handlers;

// What the host's files use of the registry it passes on.
extern crate cofferdam_policy as cofferdam_registry;

// The host's own files.
#[path = "../../../host/server/src/arguments.rs"]
#[allow(dead_code, reason = "a target uses a part of it")]
mod arguments;
#[path = "../../../host/server/src/decode.rs"]
#[allow(dead_code, reason = "a target uses a part of it")]
mod decode;
pub mod host;
#[path = "../../../host/server/src/id_scanner.rs"]
mod id_scanner;
#[path = "../../../host/server/src/json.rs"]
mod json;
#[path = "../../../host/server/src/lines.rs"]
mod lines;
#[path = "../../../host/server/src/refusal.rs"]
#[allow(dead_code, reason = "a target uses a part of it")]
mod refusal;
#[path = "../../../host/server/src/requests.rs"]
#[allow(dead_code, reason = "a target uses a part of it")]
mod requests;

// Every seed of every target, as ordinary tests.
#[cfg(test)]
mod corpora;

// Without libFuzzer.
pub mod dictionary;
pub mod drive;
mod mutate;

/// The program of a target: libFuzzer's entry point under `--cfg fuzzing`,
/// otherwise [`drive::main`].
#[macro_export]
macro_rules! main {
    ($target:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$target::target(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::process::ExitCode {
            $crate::drive::main(stringify!($target), $crate::$target::target)
        }
    };
}

/// Whether a text can be shown on a terminal: it breaks lines, and does nothing else to it.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n')
}
