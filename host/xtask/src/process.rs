//! Running another program: its lines as they come, a time limit, and an error that shows what it
//! said.
//!
//! It knows no program in particular: the caller sets arguments and environment.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::Error;

/// How many of a failed program's last lines its error repeats.
const TAIL: usize = 40;

/// How often the caller is called while a program prints nothing.
const TICK: Duration = Duration::from_secs(3);

/// What a running program does.
pub(crate) enum Event<'a> {
    Stdout(&'a str),
    Stderr(&'a str),
    /// A few seconds have passed.
    Tick,
}

/// The program's stdout, once it has succeeded.
pub(crate) fn capture(command: &mut Command) -> Result<String, Error> {
    let mut stdout = String::new();
    run(command, None, &mut |event| {
        if let Event::Stdout(line) = event {
            stdout.push_str(line);
            stdout.push('\n');
        }
    })?;
    Ok(stdout)
}

/// Runs a program without stdin to its end, or kills it at its time limit. Failing is an error that
/// repeats its last lines.
pub(crate) fn run(
    command: &mut Command,
    limit: Option<Duration>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let name = shown(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Error::new(format!("cannot run `{name}`: {error}")))?;

    let (sender, lines) = channel();
    forward(child.stdout.take(), Source::Stdout, sender.clone());
    forward(child.stderr.take(), Source::Stderr, sender);

    let started = Instant::now();
    let mut ticked = started;
    let mut tail = VecDeque::new();
    loop {
        let left = limit.map_or(TICK, |limit| limit.saturating_sub(started.elapsed()));
        match lines.recv_timeout(left.min(TICK.saturating_sub(ticked.elapsed()))) {
            Ok((Source::Stdout, line)) => tell(Event::Stdout(&line)),
            Ok((Source::Stderr, line)) => {
                tell(Event::Stderr(&line));
                if tail.len() == TAIL {
                    tail.pop_front();
                }
                tail.push_back(line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            // Both streams are closed: what is left is the exit status.
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if ticked.elapsed() >= TICK {
            ticked = Instant::now();
            tell(Event::Tick);
        }
        if let Some(limit) = limit.filter(|limit| started.elapsed() >= *limit) {
            // The reading threads end with the pipes; a grandchild may hold those open, so nobody
            // waits for them.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Error::new(format!(
                "`{name}` was stopped after {} s without an end in sight",
                limit.as_secs()
            )));
        }
    }
    let status = child.wait().map_err(|error| Error::new(format!("cannot wait for `{name}`: {error}")))?;
    if status.success() { Ok(()) } else { Err(failed(&name, status, tail)) }
}

#[derive(Clone, Copy)]
enum Source {
    Stdout,
    Stderr,
}

/// Sends a stream's lines from a thread of its own, so that neither stream can block the program.
fn forward(stream: Option<impl Read + Send + 'static>, source: Source, to: Sender<(Source, String)>) {
    let Some(stream) = stream else { return };
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut bytes = Vec::new();
        while stream.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes);
            if to.send((source, line.trim_end_matches(['\n', '\r']).to_owned())).is_err() {
                return;
            }
            bytes.clear();
        }
    });
}

fn failed(name: &str, status: ExitStatus, tail: VecDeque<String>) -> Error {
    let mut message = format!("`{name}` failed ({status})");
    for line in tail {
        message.push_str("\n  | ");
        message.push_str(&line);
    }
    Error::new(message)
}

/// The command line as a person would recognise it: the program's name and its arguments,
/// shortened.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut shown = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        if shown.len() > 160 {
            shown.push_str(" …");
            break;
        }
        shown.push(' ');
        shown.push_str(&argument.to_string_lossy());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn stdout_is_captured_and_a_failure_repeats_stderr() {
        assert_eq!(capture(&mut shell("echo one; echo two")).unwrap(), "one\ntwo\n");
        let error = capture(&mut shell("echo reason >&2; exit 3")).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.ends_with("| reason"), "{error}");
    }

    #[test]
    fn a_program_that_does_not_end_is_stopped_at_its_limit() {
        let started = Instant::now();
        let error = run(&mut shell("sleep 30"), Some(Duration::from_millis(200)), &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains("was stopped after"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = capture(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(error.to_string().starts_with("cannot run `no-such-program-here`"), "{error}");
    }
}
