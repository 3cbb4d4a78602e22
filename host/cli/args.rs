//! The command line: which commands and flags there are, and their help. What they mean is each command's own; flags are
//! not interpreted here, so that one place reports what is wrong with a policy.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

const ABOUT: &str = "\
Cofferdam gives AI clients network tools over MCP. Each plugin runs inside its
own WebAssembly sandbox and reaches only what you allow.

  cofferdam demo                                        see it work, on this machine
  cofferdam serve --allow-connect 'tcp://localhost:*'   the command for an MCP client";

const RULES: &str = "\
Nothing is allowed without a rule. Rules are `tcp://HOST:PORTS`:
  HOST    a name, `*.example.com`, an address, a network (`10.0.0.0/8`),
          `localhost`, or `any`
  PORTS   ports and ranges (`22,8000-8099`), or `*`
A name leads to public addresses only, unless a policy file says `within`.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "cofferdam", version, about = ABOUT, long_about = None, max_term_width = 110)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve MCP on standard input and output; an MCP client starts this
    #[command(after_help = RULES)]
    Serve(Serve),
    /// Make one call without a client, and print its answer
    #[command(after_help = RULES)]
    Call(Call),
    /// List the tools, and what each plugin may do
    #[command(after_help = RULES)]
    Tools(Tools),
    /// Show it at work: a client, a server and its peers on this machine
    Demo,
}

/// `cofferdam serve`.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub common: Common,
}

/// `cofferdam call`.
#[derive(Debug, Args)]
pub struct Call {
    /// The tool's name, as `cofferdam tools` lists it
    pub tool: String,
    /// Its arguments, a JSON object; `-` reads them from standard input
    #[arg(value_name = "JSON", default_value = "{}", hide_default_value = true)]
    pub arguments: String,
    /// Give up after this time, as `500ms`, `30s` or `2m`; the policy's limit on a call holds besides
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub timeout: Option<Duration>,
    /// Print the whole answer as JSON, the way an MCP client gets it
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub common: Common,
}

/// `cofferdam tools`.
#[derive(Debug, Args)]
pub struct Tools {
    /// Print the tools' definitions as JSON: names, descriptions, schemas
    #[arg(long)]
    pub json: bool,
    /// Only those of this plugin
    #[arg(long, value_name = "PLUGIN")]
    pub of: Option<String>,
    /// Ask the components themselves, whatever definitions are embedded
    #[arg(long, hide = true, requires = "json")]
    pub fresh: bool,
    #[command(flatten)]
    pub common: Common,
}

/// The flags that every command with plugins takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is allowed, and what is loaded")]
pub struct Common {
    /// Read the policy from this file
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Let plugins connect to what this rule names; may be given several times
    #[arg(long, value_name = "RULE")]
    pub allow_connect: Vec<String>,
    /// Never let plugins connect to what this rule names, whatever else allows it
    #[arg(long, value_name = "RULE")]
    pub deny_connect: Vec<String>,
    /// Load this component besides the shipped ones; may be given several times
    #[arg(long, value_name = "FILE")]
    pub plugin: Vec<PathBuf>,
    /// How much to log to standard error; `serve` begins at `info`, other commands at `warn`
    #[arg(long, value_name = "LEVEL", help_heading = "Running")]
    pub log: Option<Level>,
    /// Keep no compiled code; without this it is kept in the user's cache folder
    #[arg(long, help_heading = "Running")]
    pub no_cache: bool,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Level {
    /// Nothing
    Off,
    /// What keeps a plugin from working
    Error,
    /// Refusals, lost instances, limits that were hit
    Warn,
    /// What is served, and what plugins print
    Info,
    /// Every call and every decision
    Debug,
    /// Everything
    Trace,
}

/// A time with its unit.
fn time(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 =
        number.parse().map_err(|_| "it begins with no whole number; write `500ms`, `30s` or `2m`".to_owned())?;
    let milliseconds = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "" => return Err(format!("a unit is missing; did you mean `{number}s`?")),
        unit => return Err(format!("`{unit}` is no unit; there are `ms`, `s`, `m` and `h`")),
    };
    match number.checked_mul(milliseconds) {
        None | Some(0) => Err("it has to be more than nothing and less than eternity".to_owned()),
        Some(total) => Ok(Duration::from_millis(total)),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(time("2 m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "s", "30", "0s", "-1s", "1.5s", "3 weeks", "99999999999999999999s", "9999999999999999999h"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
