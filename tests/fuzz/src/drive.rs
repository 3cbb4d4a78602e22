//! Runs a target where there is no libFuzzer: over its committed seeds, then over what is made of
//! them, for some seconds. Nothing guides it to code that it has not seen; for that there is
//! `cargo xtask fuzz` with a C++ compiler (`tests/README.md`).

use std::fs;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::dictionary;
use crate::mutate::Mutator;

/// One input may take so long.
const PATIENCE: Duration = Duration::from_secs(20);

const HELP: &str = "arguments: [--seconds N] [--number N] [FILE...]
  FILE...       runs these inputs and nothing else
  --seconds N   makes inputs for so long, after the seeds (0: the seeds only)
  --number N    the number that the inputs are made with; printed by every run";

/// The body of a target.
pub type Body = fn(&[u8]);

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    seconds: u64,
    number: u64,
    files: Vec<PathBuf>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// Inputs that the body was run with.
    pub executions: u64,
    /// The input on which it panicked.
    pub failed: Option<Vec<u8>>,
}

/// The program of a target.
pub fn main(name: &str, body: Body) -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(what) => {
            eprintln!("error: {what}\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    match run(name, body, &arguments, folder) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let number = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        let mut arguments = Self { seconds: 0, number, files: Vec::new() };
        while let Some(word) = words.next() {
            let mut value = || {
                let value = words.next().and_then(|value| value.parse().ok());
                value.ok_or_else(|| format!("`{word}` needs a number"))
            };
            match word.as_str() {
                "--seconds" => arguments.seconds = value()?,
                "--number" => arguments.number = value()?,
                flag if flag.starts_with('-') => return Err(format!("unknown argument `{flag}`")),
                file => arguments.files.push(file.into()),
            }
        }
        Ok(arguments)
    }
}

/// Whether everything held. `folder` is that of this workspace.
fn run(name: &str, body: Body, arguments: &Arguments, folder: &Path) -> io::Result<bool> {
    let begun = Instant::now();
    let artifacts = folder.join("artifacts").join(name);
    let seeds = match arguments.files.as_slice() {
        [] => entries(&folder.join("seeds").join(name))?,
        files => files.iter().map(|file| named(file, fs::read(file))).collect::<io::Result<_>>()?,
    };
    fs::create_dir_all(&artifacts)?;
    let last = artifacts.join(format!("last-{}", std::process::id()));
    let mut driver = Driver { body, current: fs::File::create(&last)?, executions: 0 };
    watch(last.clone());
    let mut ran = driver.all(&seeds)?;
    if ran.failed.is_none() && arguments.files.is_empty() {
        let dictionary = folder.join("dictionaries").join(format!("{name}.dict"));
        let text = named(&dictionary, fs::read_to_string(&dictionary))?;
        let tokens = dictionary::parse(&text)
            .map_err(|line| io::Error::other(format!("`{}`, line {line} is no token", dictionary.display())))?;
        let until = begun + Duration::from_secs(arguments.seconds);
        ran = driver.until(until, Mutator::new(seeds.clone(), tokens, arguments.number))?;
    }
    fs::remove_file(&last)?;
    println!(
        "{name}: {} executions in {:.1} s, {} of them seeds; --number {}",
        ran.executions,
        begun.elapsed().as_secs_f32(),
        seeds.len(),
        arguments.number
    );
    let Some(input) = ran.failed else { return Ok(true) };
    let file = artifacts.join(format!("crash-{:016x}", fingerprint(&input)));
    fs::write(&file, input)?;
    eprintln!("error: `{name}` fails on `{}`\nhint: run it again with that file as argument", file.display());
    Ok(false)
}

struct Driver {
    body: Body,
    /// The input that is being run, for what ends the process without a panic.
    current: fs::File,
    executions: u64,
}

/// When the input that is being run began, in milliseconds after the
/// process; 0 while there is none.
static RUNNING: AtomicU64 = AtomicU64::new(0);

impl Driver {
    fn all(&mut self, inputs: &[Vec<u8>]) -> io::Result<Ran> {
        for input in inputs {
            if !self.holds(input)? {
                return Ok(Ran { executions: self.executions, failed: Some(input.clone()) });
            }
        }
        Ok(Ran { executions: self.executions, failed: None })
    }

    fn until(&mut self, until: Instant, mut mutator: Mutator) -> io::Result<Ran> {
        while Instant::now() < until {
            let input = mutator.next().map_err(io::Error::other)?;
            if !self.holds(&input)? {
                return Ok(Ran { executions: self.executions, failed: Some(input) });
            }
        }
        Ok(Ran { executions: self.executions, failed: None })
    }

    fn holds(&mut self, input: &[u8]) -> io::Result<bool> {
        use std::os::unix::fs::FileExt as _;
        self.current.set_len(input.len() as u64)?;
        self.current.write_all_at(input, 0)?;
        self.executions += 1;
        RUNNING.store(milliseconds().max(1), Ordering::Relaxed);
        let held = catch_unwind(AssertUnwindSafe(|| (self.body)(input))).is_ok();
        RUNNING.store(0, Ordering::Relaxed);
        Ok(held)
    }
}

/// Ends the process when one input takes too long; that input stays in the file.
fn watch(last: PathBuf) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(PATIENCE / 10);
            let since = RUNNING.load(Ordering::Relaxed);
            if since > 0 && u128::from(milliseconds().saturating_sub(since)) > PATIENCE.as_millis() {
                let _ = writeln!(io::stderr(), "error: one input takes over {PATIENCE:?}: `{}`", last.display());
                std::process::exit(1);
            }
        }
    });
}

fn milliseconds() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The files of a folder, in the order of their names.
fn entries(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    for entry in named(folder, fs::read_dir(folder))? {
        paths.push(entry?.path());
    }
    paths.sort();
    paths.iter().map(|path| named(path, fs::read(path))).collect()
}

fn named<T>(path: &Path, outcome: io::Result<T>) -> io::Result<T> {
    outcome.map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display())))
}

/// A name for an input (FNV-1a).
fn fingerprint(input: &[u8]) -> u64 {
    input.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str, seeds: &[&str]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cofferdam-fuzz-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("seeds/probe")).unwrap();
        fs::create_dir_all(folder.join("dictionaries")).unwrap();
        fs::write(folder.join("dictionaries/probe.dict"), "\"needle\"\n").unwrap();
        for (index, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seeds/probe/{index}")), seed).unwrap();
        }
        folder
    }

    fn body(input: &[u8]) {
        assert!(!input.windows(6).any(|part| part == b"needle"), "found");
    }

    #[test]
    fn a_fault_is_found_and_its_input_kept() {
        let folder = place("finds", &["hay hay hay"]);
        let arguments = Arguments { seconds: 60, number: 1, files: Vec::new() };
        assert!(!run("probe", body, &arguments, &folder).unwrap());
        let crash = fs::read_dir(folder.join("artifacts/probe")).unwrap().next().unwrap().unwrap().path();
        assert!(crash.file_name().unwrap().to_str().unwrap().starts_with("crash-"));
        let again = Arguments { seconds: 0, number: 1, files: vec![crash] };
        assert!(!run("probe", body, &again, &folder).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_holds_passes_and_leaves_nothing() {
        let folder = place("holds", &["hay", "straw"]);
        let arguments = Arguments { seconds: 0, number: 1, files: Vec::new() };
        assert!(run("probe", body, &arguments, &folder).unwrap());
        assert_eq!(fs::read_dir(folder.join("artifacts/probe")).unwrap().count(), 0);
        assert!(run("other", body, &arguments, &folder).is_err(), "a target has seeds");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn arguments_are_read() {
        let parse = |words: &[&str]| Arguments::parse(words.iter().map(|word| (*word).to_owned()));
        let files = vec![PathBuf::from("a")];
        assert_eq!(parse(&["--seconds", "5", "--number", "7", "a"]), Ok(Arguments { seconds: 5, number: 7, files }));
        assert!(parse(&["--seconds"]).is_err() && parse(&["--second", "5"]).is_err());
    }
}
