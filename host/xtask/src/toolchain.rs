//! The guest toolchain: a rustc that can build components for `wasm32-wasip2`, found on this
//! machine or fetched.
//!
//! Which ways there are and in which order they are tried. Fetching from Debian, for machines that
//! reach only package mirrors, is in `debian`. What is built with the toolchain is in `components`.

mod debian;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process::{self, Event};
use crate::{Error, Progress, cache, cargo};

/// The guests' target: its components import WASI 0.2 through std and WASI 0.3 through their
/// bindings.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Forces one way to get a toolchain.
const CHOICE: &str = "COFFERDAM_GUEST_TOOLCHAIN";

/// A target is a download of 30 MB; behind a firewall rustup tries for long.
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// A rustc that has the guests' target.
#[derive(Debug, Clone)]
pub struct Toolchain {
    rustc: PathBuf,
    /// Where the linker for components is, if it is not beside this rustc.
    linkers: Option<PathBuf>,
    description: String,
}

impl Toolchain {
    /// Finds or fetches a toolchain that can build `wasm32-wasip2`, reporting progress.
    ///
    /// In this order: the one that `COFFERDAM_GUEST_TOOLCHAIN` asks for (`rustup`, `debian`, or the
    /// path of a rustc); the active rustc, if it has the target; one fetched earlier; `rustup
    /// target add`; Debian's packages, kept in the user's cache folder. Nothing is installed on the
    /// system. Safe to be called by several processes at once.
    ///
    /// # Errors
    /// If no way works on this machine; the error says what each of them said.
    pub fn ensure(progress: Progress<'_>) -> Result<Self, Error> {
        let toolchain = match Choice::parse(std::env::var_os(CHOICE))? {
            Choice::Any => Self::any(progress),
            Choice::Rustup => Self::active().or_else(|_| Self::rustup(progress)),
            Choice::Debian => debian::ensure(progress),
            Choice::Rustc(path) => Self::given(path),
        };
        toolchain.map_err(|error| error.during("guest toolchain"))
    }

    /// What it is and where it came from, in one line.
    pub fn describe(&self) -> &str {
        &self.description
    }

    /// The compiler.
    pub fn rustc(&self) -> &Path {
        &self.rustc
    }

    /// A cargo that builds with this toolchain, free of the variables of a cargo that may be
    /// running us.
    pub fn cargo(&self) -> Command {
        let mut cargo = cargo::isolated();
        cargo.env("RUSTC", &self.rustc);
        if let Some(linkers) = &self.linkers {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let all = std::iter::once(linkers.clone()).chain(std::env::split_paths(&path));
            // Only a folder with a `:` in its name cannot be joined; then the linker has to be on
            // `PATH` already.
            cargo.env("PATH", std::env::join_paths(all).unwrap_or(path));
        }
        cargo
    }

    fn any(progress: Progress<'_>) -> Result<Self, Error> {
        if let Ok(active) = Self::active() {
            return Ok(active);
        }
        if let Some(earlier) = debian::fetched_earlier() {
            return Ok(earlier);
        }
        let by_rustup = match Self::rustup(progress) {
            Ok(toolchain) => return Ok(toolchain),
            Err(error) => error,
        };
        progress(&format!("guest toolchain: not by rustup ({}); trying Debian's packages", in_short(&by_rustup)));
        debian::ensure(progress).map_err(|by_debian| {
            Error::new(format!(
                "no rustc for `{TARGET}`\n  by rustup: {}\n  by Debian's packages: {}",
                in_short(&by_rustup),
                in_short(&by_debian)
            ))
            .hint(format!(
                "run `rustup target add {TARGET}` where rustup can reach the network, or set `{CHOICE}` to a rustc"
            ))
        })
    }

    /// The rustc that cargo would use here, if it has the target.
    fn active() -> Result<Self, Error> {
        let rustc = active_rustc()?;
        if !has_target(&rustc) {
            return Err(Error::new(format!("`{}` has no target `{TARGET}`", rustc.display())));
        }
        let description = format!("{} ({})", version(&rustc)?, rustc.display());
        Ok(Self { rustc, linkers: None, description })
    }

    fn rustup(progress: Progress<'_>) -> Result<Self, Error> {
        progress(&format!("guest toolchain: rustup target add {TARGET}…"));
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", TARGET]).env("RUST_BACKTRACE", "0");
        process::run(&mut rustup, Some(RUSTUP_LIMIT), &mut |event| {
            // Its errors are in ours; it may not be the last way to try.
            if let Event::Stderr(line) = event
                && line.starts_with("info:")
            {
                progress(&format!("guest toolchain: {line}"));
            }
        })?;
        Self::active()
    }

    fn given(rustc: PathBuf) -> Result<Self, Error> {
        if !has_target(&rustc) {
            return Err(Error::new(format!("`{CHOICE}` names `{}`, which has no target `{TARGET}`", rustc.display()))
                .hint(format!("name another rustc, or unset `{CHOICE}`")));
        }
        let description = format!("{} ({}, from `{CHOICE}`)", version(&rustc)?, rustc.display());
        Ok(Self { rustc, linkers: None, description })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Any,
    Rustup,
    Debian,
    Rustc(PathBuf),
}

impl Choice {
    fn parse(value: Option<OsString>) -> Result<Self, Error> {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return Ok(Self::Any);
        };
        match value.to_str() {
            Some("rustup") => Ok(Self::Rustup),
            Some("debian") => Ok(Self::Debian),
            // A relative path would mean another file in each folder that cargo runs us in.
            _ if Path::new(&value).is_absolute() => Ok(Self::Rustc(PathBuf::from(value))),
            _ => Err(Error::new(format!("`{CHOICE}` is `{}`", value.display()))
                .hint("accepted are `rustup`, `debian` and the absolute path of a rustc")),
        }
    }
}

/// The real compiler behind rustup's proxy, so that it stays the same one in whatever folder cargo
/// runs.
fn active_rustc() -> Result<PathBuf, Error> {
    let named = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
    let real = sysroot(&named)?.join("bin/rustc");
    Ok(if real.is_file() { real } else { named })
}

fn sysroot(rustc: &Path) -> Result<PathBuf, Error> {
    let path = process::capture(Command::new(rustc).args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(path.trim()))
}

fn version(rustc: &Path) -> Result<String, Error> {
    Ok(process::capture(Command::new(rustc).arg("--version"))?.trim().to_owned())
}

/// Whether the compiler knows the target and has its standard library.
fn has_target(rustc: &Path) -> bool {
    let Ok(folder) = process::capture(Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]))
    else {
        return false;
    };
    let is_std = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    };
    cache::entries(Path::new(folder.trim())).iter().any(is_std)
}

/// One line of an error: what failed, and what the program that did gave as the reason.
fn in_short(error: &Error) -> String {
    let message = error.to_string();
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default();
    match lines.find_map(|line| line.trim_start_matches([' ', '|']).strip_prefix("error: ")) {
        Some(reason) => format!("{first}: {reason}"),
        None => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_a_way_or_an_absolute_path() {
        let parse = |value: &str| Choice::parse(Some(value.into()));
        assert_eq!(Choice::parse(None), Ok(Choice::Any));
        assert_eq!(parse(""), Ok(Choice::Any));
        assert_eq!(parse("rustup"), Ok(Choice::Rustup));
        assert_eq!(parse("debian"), Ok(Choice::Debian));
        assert_eq!(parse("/opt/rust/bin/rustc"), Ok(Choice::Rustc("/opt/rust/bin/rustc".into())));
        assert_eq!(
            parse("Debian").unwrap_err().to_string(),
            "`COFFERDAM_GUEST_TOOLCHAIN` is `Debian`\nhint: accepted are `rustup`, `debian` and the absolute path of a rustc"
        );
    }

    #[test]
    fn an_error_in_short_has_the_programs_own_reason() {
        let error = Error::new("`rustup` failed (1)\n  | info: trying\n  | error: no network\n  | more").hint("x");
        assert_eq!(in_short(&error), "`rustup` failed (1): no network");
        assert_eq!(in_short(&Error::new("no `rustup`").hint("x")), "no `rustup`");
    }

    #[test]
    fn a_program_that_is_no_rustc_has_no_target() {
        assert!(!has_target(Path::new("/bin/true")));
        assert!(!has_target(Path::new("/no/such/rustc")));
        assert!(Toolchain::given("/no/such/rustc".into()).is_err());
    }
}
