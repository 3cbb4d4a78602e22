//! The `cofferdam` program: what the arguments ask for, and how the process ends.
//!
//! `main` knows the exit codes, `run` is one match, each command has a file of its name. What is
//! decided, loaded or spoken lives in the other crates.

mod args;
mod audit;
mod call;
mod check;
mod compile;
mod demo;
mod doctor;
mod dry_run;
mod explain;
mod folders;
mod init;
mod log;
mod serve;
mod setup;
mod status;
mod terminal;
mod tools;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};

/// How the program ends. Scripts rely on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// It was done.
    Success = 0,
    /// It was tried and failed, or the tool's answer is an error.
    Failure = 1,
    /// It was not tried: the arguments or the policy are wrong.
    Misuse = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What is wrong with the arguments or the policy, as it is shown: one or more messages that begin
/// with `error:`.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misuse(String);

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(said) => {
            // Help and version are no errors. If printing fails, nobody reads the error either.
            let _ = said.print();
            return if said.use_stderr() { Exit::Misuse } else { Exit::Success }.into();
        }
    };
    let exit = run(cli.command).unwrap_or_else(|error| match error.downcast::<Misuse>() {
        Ok(misuse) => {
            terminal::complain(&misuse.to_string());
            Exit::Misuse
        }
        Err(error) => {
            terminal::complain(&format!("error: {error:#}"));
            Exit::Failure
        }
    });
    exit.into()
}

fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Serve(serve) => serve::run(serve),
        Command::Call(call) => call::run(call),
        Command::Tools(tools) => tools::run(tools),
        Command::Init(init) => init::run(&init),
        Command::Check(check) => check::run(&check),
        Command::Explain(explain) => explain::run(&explain),
        Command::Audit(audit) => audit::run(audit),
        Command::Compile { folder } => compile::run(&folder),
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::Demo => demo::run(),
    }
}
