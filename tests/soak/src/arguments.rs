//! The command line, and the namespace of mounts in which the soak runs, so that its
//! small disk goes with it.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// Says that the namespace is there.
const INSIDE: &str = "COFFERDAM_SOAK_INSIDE";

pub struct Arguments {
    pub seed: u64,
    pub seconds: u64,
    pub guest: PathBuf,
    /// Whether its folder stays also if all went well.
    pub keep: bool,
}

impl Arguments {
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (mut seed, mut seconds, mut guest, mut keep) = (now, 120, None, false);
        while let Some(word) = words.next() {
            if word == "--keep" {
                keep = true;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("`{word}` has no value"))?;
            let number = || value.parse::<u64>().map_err(|error| format!("`{word} {value}`: {error}"));
            match word.as_str() {
                "--seed" => seed = number()?,
                "--seconds" => seconds = number()?,
                "--guest" => guest = Some(PathBuf::from(&value)),
                _ => return Err(format!("there is no argument `{word}`")),
            }
        }
        let guest = guest.ok_or("`--guest` names the component of the hostile guest `mixed`")?;
        Ok(Self { seed, seconds, guest, keep })
    }
}

/// Runs this program again where it may mount; `None` if it is there already, or
/// no such place can be made.
pub fn in_namespace() -> Option<ExitCode> {
    if std::env::var_os(INSIDE).is_some() {
        return None;
    }
    for options in [&["--mount"][..], &["--mount", "--map-root-user"]] {
        let unshare = || {
            let mut unshare = Command::new("unshare");
            unshare.args(options);
            unshare
        };
        let works = unshare().arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        if works {
            let mut again = unshare();
            again.arg(std::env::current_exe().ok()?).args(std::env::args_os().skip(1)).env(INSIDE, "1");
            let code = again.status().ok()?.code().and_then(|code| u8::try_from(code).ok());
            return Some(ExitCode::from(code.unwrap_or(1)));
        }
    }
    None
}
