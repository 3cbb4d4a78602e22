//! `cargo xtask`: the commands for developers, each a module of `tasks`.
//!
//! Reads the command line and sets the exit code; everything else is in the tasks and in the
//! library.

#![allow(
    clippy::disallowed_methods,
    reason = "a developer's tool: running cargo, apt, pip and npm and filling a cache folder is its whole job"
)]

mod tasks;

use std::ffi::OsString;
use std::process::ExitCode;

const HELP: &str = "\
Usage: cargo xtask <command> [arguments]

Commands:
  demo [arguments]      build everything this clone needs, then run `cofferdam demo`
  test [-- arguments]   fetch what the tests talk to, then run every test of every workspace
  guests                build the plugins and the tests' guests, and print where they are
  ci                    formatting, lints and tests, as continuous integration runs them
  clients [name…]       run the newest of each MCP client against the server, and print a table
  bench [arguments]     build and run the benchmarks
  dist                  build what is released: a small binary with its plugins' code compiled ahead
  fuzz [target] [secs]  fuzz one target, or each of them, for so many seconds (60)
  soak [arguments]      mixed calls of every tool with faults injected: --seed N, --seconds S (120)
  tools-page            write plugins/TOOLS.md anew, from the tools' definitions

Environment:
  COFFERDAM_GUEST_TOOLCHAIN   `rustup`, `debian` or the path of a rustc: where the guests' compiler comes from
  XDG_CACHE_HOME              where fetched toolchains and test peers are kept (under `cofferdam`)
";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<OsString> = arguments.collect();

    let outcome = match command.to_str() {
        Some("dist") => tasks::dist::run(),
        Some("demo") => tasks::demo::run(&rest),
        Some("test") => tasks::test::run(after_separator(&rest)),
        Some("guests") => tasks::guests::run(),
        Some("ci") => tasks::ci::run(),
        Some("clients") => tasks::clients::run(&rest),
        Some("bench") => tasks::bench::run(&rest),
        Some("fuzz") => tasks::fuzz::run(&rest),
        Some("soak") => tasks::soak::run(&rest),
        Some("tools-page") => tasks::tools_page::run(),
        Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            if !command.is_empty() {
                eprintln!("error: no command `{}`\n", command.display());
            }
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// The arguments for cargo, with or without the `--` in front that the help shows.
fn after_separator(arguments: &[OsString]) -> &[OsString] {
    match arguments.split_first() {
        Some((first, rest)) if first == "--" => rest,
        _ => arguments,
    }
}
