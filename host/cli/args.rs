//! The command line: which commands and flags there are, and their help. What they mean is each
//! command's own; flags are not interpreted here, so that one place reports what is wrong with a
//! policy.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use cofferdam_policy::{Status, duration, flags};

const ABOUT: &str = "\
Cofferdam gives AI clients network tools over MCP. Each plugin runs inside its
own WebAssembly sandbox and reaches only what you allow.

  cofferdam demo                                        see it work, on this machine
  cofferdam serve --allow-connect 'tcp://localhost:*'   the command for an MCP client
  cofferdam init                                        a policy file to begin with";

const RULES: &str = "\
Nothing is allowed without a rule. Rules for connections are `tcp://HOST:PORTS`:
  HOST    a name, `*.example.com`, an address, a network (`10.0.0.0/8`),
          `localhost`, or `any`
  PORTS   ports and ranges (`22,8000-8099`), or `*`
A name leads to public addresses only, unless a policy file says `within`.
Rules for pings are a HOST, those for DNS a name, `*.example.com`, a network (for
its reverse names) or `any`, those for files an absolute path.";

const ASKS: &str = "\
Asks:
  connect HOST:PORT   may the plugin connect there?
  ping HOST           may it ping that host?
  resolve NAME        may it look the name up?
  query NAME@SERVER   may it ask that name server for the name?
  read PATH           may it read that file or directory?
The exit code is 0 for allowed; 1 for denied, for what is not yet available, and
for a name that `--resolve` could not look up; 2 for a question that is not
understood.";

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
    /// Write a commented starter policy, to standard output or to a new file
    Init(Init),
    /// Report every mistake of a policy file, and what is broader than it looks; runs no plugin
    Check(Check),
    /// Say whether something is allowed, by which rule, or what would allow it
    #[command(after_help = ASKS)]
    Explain(Explain),
    /// Read an audit file, or prove that nobody has changed it
    Audit(Audit),
    /// Compile the shipped plugins ahead, for a release: writes a file for each into a folder
    Compile {
        /// The folder, which is made where it is missing
        folder: PathBuf,
    },
    /// Say whether the MCP clients of this machine can use it, and what to do where not; changes
    /// nothing
    Doctor(Doctor),
    /// Show it at work: a client, a server and its peers on this machine
    Demo,
}

/// `cofferdam serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Write the audit to this file; without this it is `cofferdam/audit.jsonl` in the user's state
    /// folder
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    pub audit: Option<PathBuf>,
    /// Write the arguments of calls into the audit as they are, beside their digest: they may hold
    /// passwords
    #[arg(long, help_heading = "Running")]
    pub audit_arguments: bool,
    /// Serve nothing: print what each plugin may do and use, and what it wants and does not get
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub common: Common,
}

/// `cofferdam init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The file, which must not exist yet; standard output without it
    pub file: Option<PathBuf>,
}

/// `cofferdam check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The policy; `-` reads it from standard input
    #[arg(default_value = "cofferdam.toml")]
    pub file: PathBuf,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// `cofferdam doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Only this client, as `claude-desktop` or `codex`
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// `cofferdam explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The plugin that asks, as `tcp`
    #[arg(value_name = "PLUGIN")]
    pub asker: String,
    /// What it asks for, as `connect db.lab.example:5432`
    #[arg(value_name = "ASK", required = true)]
    pub ask: Vec<String>,
    /// Look the name up, if that is allowed, and say what becomes of each address
    #[arg(long)]
    pub resolve: bool,
    /// The audit file that `serve` is given, which no plugin may read
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
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
    /// Give up after this time, as `500ms`, `30s` or `2m`; the policy's limit on a call holds
    /// besides
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub timeout: Option<Duration>,
    /// What to say to a question of the tool, by its id: a JSON object, or `decline`; again for
    /// each question
    #[arg(long = "reply", value_name = "ID=JSON")]
    pub replies: Vec<String>,
    /// Print the whole answer as JSON, the way an MCP client gets it
    #[arg(long)]
    pub json: bool,
    /// Write the audit of this call to this file
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    pub audit: Option<PathBuf>,
    /// Write the call's arguments into the audit as they are, beside their digest: they may hold
    /// passwords
    #[arg(long, requires = "audit", help_heading = "Running")]
    pub audit_arguments: bool,
    #[command(flatten)]
    pub common: Common,
}

/// `cofferdam audit`.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// What is done with an audit file. Without FILE it is the default one of `serve`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Print the last events, one a line
    Tail {
        /// The audit file
        file: Option<PathBuf>,
        /// How many
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20, value_parser = events)]
        lines: usize,
        /// Go on with what is written from now on, until Ctrl-C
        #[arg(short, long)]
        follow: bool,
    },
    /// Print all events, one a line, with those of rotated files
    Show {
        /// The audit file
        file: Option<PathBuf>,
        /// Print them as they are written, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Prove that no event was changed, removed, moved or cut off; ends with 0 if so, with 1 if not
    Verify {
        /// The audit file
        file: Option<PathBuf>,
    },
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
    #[command(flatten)]
    pub rules: Rules,
    /// Read ITMCP's environment variables: what ALLOWED_HOSTS and ALLOWED_DIRECTORIES list is
    /// allowed
    #[arg(long)]
    pub itmcp_env: bool,
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

/// The flags whose values are rules: those that the policy knows. Flags of later versions are
/// understood so that they can be refused in words; none is accepted and ignored.
#[derive(Debug)]
pub struct Rules(Vec<(&'static str, String)>);

impl Rules {
    /// Those that were given, each with its value, in the order in which messages tell them.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(flag, rule)| (*flag, rule.as_str()))
    }
}

impl Args for Rules {
    fn augment_args(command: clap::Command) -> clap::Command {
        flags().fold(command, |command, (flag, status)| {
            let long = flag.name.trim_start_matches('-');
            let arg = Arg::new(flag.name).long(long).value_name(flag.value).action(ArgAction::Append);
            command.arg(match status {
                Status::Enforced => arg.help(flag.help),
                Status::NotYet => arg.hide(true).num_args(0..=1).default_missing_value(""),
            })
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Rules {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = |name| matches.get_many::<String>(name).into_iter().flatten().cloned();
        Ok(Self(flags().flat_map(|(flag, _)| values(flag.name).map(|value| (flag.name, value))).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
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

/// A number of events that fits into memory.
fn events(text: &str) -> Result<usize, String> {
    let most = 100_000;
    let count = text.parse().map_err(|_| "it is no whole number".to_owned())?;
    if count <= most { Ok(count) } else { Err(format!("{most} are the most")) }
}

/// A time with its unit, as in a policy.
fn time(text: &str) -> Result<Duration, String> {
    let time = duration(text).map_err(|why| format!("it {why}; write `500ms`, `30s` or `2m`"))?;
    if time.is_zero() { Err("it has to be longer than 0".to_owned()) } else { Ok(time) }
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
    fn every_flag_of_a_rule_reaches_the_policy() {
        for (flag, status) in flags() {
            let cli = Cli::try_parse_from(["cofferdam", "serve", flag.name, "x"]).expect(flag.name);
            let Command::Serve(serve) = cli.command else { panic!("{}", flag.name) };
            assert_eq!(serve.common.rules.given().collect::<Vec<_>>(), [(flag.name, "x")]);
            let help = Cli::command().find_subcommand_mut("serve").unwrap().render_long_help().to_string();
            assert_eq!(help.contains(&format!("{} <{}>", flag.name, flag.value)), status == Status::Enforced);
        }
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
