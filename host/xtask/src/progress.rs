//! Where progress lines go. Never to stdout: in a build script that is cargo's protocol.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};

/// Receives progress, one line at a time, without a line break.
pub type Progress<'a> = &'a mut dyn FnMut(&str);

/// Progress on stderr: for the `xtask` program and for tests.
pub fn stderr_progress() -> impl FnMut(&str) {
    |line| write_line(&mut std::io::stderr(), line)
}

/// Progress that is seen even where cargo hides it: for build scripts.
///
/// Cargo keeps a build script's stderr to itself until the script fails, and the first build
/// fetches a toolchain for minutes. So each line goes to stderr and, if that is not a terminal, to
/// the controlling terminal as well.
pub fn loud_progress() -> impl FnMut(&str) {
    let mut terminal = controlling_terminal();
    move |line| {
        write_line(&mut std::io::stderr(), line);
        if let Some(terminal) = &mut terminal {
            // Cargo draws its progress bar on the last line: clear that line before writing over
            // it.
            write_line(terminal, &format!("\r\x1b[K{line}"));
        }
    }
}

/// The terminal behind a redirected stderr; none in CI, in an editor's build, or where stderr is
/// that terminal already.
fn controlling_terminal() -> Option<File> {
    if !cfg!(target_os = "linux") || std::io::stderr().is_terminal() {
        return None;
    }
    OpenOptions::new().write(true).open("/dev/tty").ok()
}

/// A closed stderr or terminal must not end a build: progress that cannot be shown is dropped.
fn write_line(to: &mut impl Write, line: &str) {
    let _ = writeln!(to, "{line}");
}
