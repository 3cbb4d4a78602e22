//! `cargo xtask fuzz`: the fuzz targets of `tests/fuzz`. For long, by libFuzzer, which this builds
//! without nightly; and for a few seconds, on any machine that builds the host.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Outcome, Steps, cargo, root, shown, target};

/// The targets, as `tests/fuzz/Cargo.toml` names them.
const TARGETS: [&str; 24] = [
    "rules",
    "policy_files",
    "addresses",
    "audit_chain",
    "encodings",
    "telnet_stream",
    "dns_answers",
    "icmp_messages",
    "grep_patterns",
    "file_pages",
    "manifest_section",
    "component_heads",
    "mcp_lines",
    "handler_lines",
    "handler_frames",
    "handler_json",
    "handler_irc",
    "handler_redis",
    "handler_mqtt",
    "handler_modbus",
    "handler_smtp",
    "handler_http1",
    "handler_nmea",
    "trigger_scripts",
];

/// Seconds a target where none are asked for.
const SECONDS: u64 = 60;

/// Seconds a target among the tests: under half a minute for all of them.
const SHORT: u64 = 1;

/// What cargo-fuzz passes to rustc, but for the sanitizers, which are nightly's: no `unsafe` of
/// ours is fuzzed here.
const INSTRUMENTED: &str = "--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Runs one target, or each of them, for so many seconds.
pub fn run(arguments: &[OsString]) -> Outcome {
    let (targets, seconds) = parse(arguments)?;
    let mut steps = Steps::default();
    let guided = has_cpp();
    let built = if guided {
        let mut build = fuzz_cargo(&["build", "--release", "--target", HOST]);
        build.env("RUSTFLAGS", INSTRUMENTED).arg("--target-dir").arg(folder("libfuzzer"));
        steps.step("libFuzzer's build", || shown(&mut build).map(|status| status.success()))
    } else {
        eprintln!("note: there is no C++ compiler for libFuzzer: inputs are made without being guided by coverage");
        build_plain(&mut steps)
    };
    for name in targets.into_iter().filter(|_| built) {
        match guided {
            true => steps.step(name, || libfuzzer(name, seconds)),
            false => steps.step(name, || plain(name, seconds)),
        };
    }
    Ok(steps.finish())
}

/// The same for a few seconds, as a part of the tests, and the tests of what drives it.
pub fn add_short_to(steps: &mut Steps) {
    let built = build_plain(steps);
    for name in TARGETS.into_iter().filter(|_| built) {
        steps.step(&format!("fuzzing, short: {name}"), || plain(name, SHORT));
    }
}

/// The targets and seconds that the arguments ask for.
fn parse(arguments: &[OsString]) -> Result<(Vec<&'static str>, u64), String> {
    let mut asked = (TARGETS.to_vec(), SECONDS);
    for argument in arguments {
        let word = argument.to_str().unwrap_or_default();
        match (word.parse(), TARGETS.iter().find(|name| **name == word)) {
            (Ok(seconds), _) => asked.1 = seconds,
            (Err(_), Some(name)) => asked.0 = vec![name],
            (Err(_), None) => {
                let names = TARGETS.join("`, `");
                return Err(format!("`{}` is no number of seconds and no target: `{names}`", argument.display()));
            }
        }
    }
    Ok(asked)
}

/// Sanitizer coverage wants a target triple, so that build scripts and macros are left alone.
const HOST: &str = if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };

/// Whether libFuzzer, which is C++, can be built: the compiler that the `cc` crate would take
/// answers.
fn has_cpp() -> bool {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let asked = Command::new(compiler).arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn workspace() -> PathBuf {
    root().join("tests/fuzz")
}

fn folder(name: &str) -> PathBuf {
    target().join("fuzz").join(name)
}

fn fuzz_cargo(arguments: &[&str]) -> Command {
    let mut cargo = cargo(arguments);
    cargo.current_dir(workspace());
    cargo
}

/// The tests of what drives the targets, and the targets; whether these could be built.
fn build_plain(steps: &mut Steps) -> bool {
    let mut test = fuzz_cargo(&["test", "--release", "--lib", "--target-dir"]);
    steps.run("tests of the fuzz targets", test.arg(folder("plain")));
    let mut build = fuzz_cargo(&["build", "--release", "--target-dir"]);
    build.arg(folder("plain"));
    steps.step("build of the fuzz targets", || shown(&mut build).map(|status| status.success()))
}

fn plain(name: &str, seconds: u64) -> Result<bool, String> {
    let mut program = Command::new(folder("plain").join("release").join(name));
    shown(program.arg("--seconds").arg(seconds.to_string())).map(|status| status.success())
}

/// Runs libFuzzer as `cargo fuzz run` does: new inputs go to `corpus`, what fails to `artifacts`,
/// the seeds are only read.
fn libfuzzer(name: &str, seconds: u64) -> Result<bool, String> {
    let of = |kind: &str| workspace().join(kind).join(name);
    let (corpus, artifacts) = (of("corpus"), of("artifacts"));
    for made in [&corpus, &artifacts] {
        std::fs::create_dir_all(made).map_err(|error| format!("`{}`: {error}", made.display()))?;
    }
    let flag = |name: &str, value: &Path| {
        let mut flag = OsString::from(format!("-{name}="));
        flag.push(value);
        flag
    };
    let mut program = Command::new(folder("libfuzzer").join(HOST).join("release").join(name));
    program
        .arg(flag("artifact_prefix", &artifacts.join("")))
        .arg(flag("dict", &workspace().join("dictionaries").join(format!("{name}.dict"))))
        .args([format!("-max_total_time={seconds}"), "-timeout=20".to_owned(), "-max_len=4096".to_owned()])
        .args(["-print_final_stats=1", "-verbosity=1"])
        .args([corpus, of("seeds")]);
    shown(&mut program).map(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_those_of_the_workspace() {
        let manifest = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
        let named: Vec<&str> = manifest
            .lines()
            .filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\""))
            .collect();
        assert_eq!(named, TARGETS);
        for name in TARGETS {
            for (folder, end) in [("fuzz_targets", ".rs"), ("src", ".rs"), ("dictionaries", ".dict"), ("seeds", "")] {
                let place = workspace().join(folder).join(format!("{name}{end}"));
                assert!(place.exists(), "{}", place.display());
            }
        }
    }

    #[test]
    fn a_target_and_seconds_are_told_apart() {
        let parse = |words: &[&str]| parse(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(parse(&[]), Ok((TARGETS.to_vec(), SECONDS)));
        assert_eq!(parse(&["rules", "5"]), Ok((vec!["rules"], 5)));
        assert_eq!(parse(&["5"]), Ok((TARGETS.to_vec(), 5)));
        assert!(parse(&["rule"]).unwrap_err().contains("`rules`"));
    }
}
