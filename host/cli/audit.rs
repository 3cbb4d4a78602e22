//! `cofferdam audit`: reads and checks an audit file. Here is also where `serve` and `call` write
//! theirs. What a line means and what a check proves is known to the audit crate.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use cofferdam_audit::{ChainFile, Follow, Keeping, Lines, OpenError, Record, files, verify};
use cofferdam_policy::harmless_json;
use cofferdam_registry::Policies;

use crate::args::{Audit, AuditCommand};
use crate::folders::state_folder;
use crate::{Exit, setup, terminal};

/// How often a followed file is read again.
const LOOK: Duration = Duration::from_millis(200);

/// How many bytes are printed at once.
const CHUNK: usize = 64 << 10;

/// Opens the audit file that was asked for, or the default one. If another server writes the
/// default one, this process gets a file of its own. `arguments` says whether arguments of calls
/// are written in clear, `policies` where rules were written.
///
/// # Errors
/// It cannot be opened, or the one that was asked for is in use.
pub fn open(asked: Option<&Path>, arguments: bool, policies: &Arc<Policies>) -> anyhow::Result<Arc<ChainFile>> {
    let state = state_folder()?;
    make(&state)?;
    let key = state.join("audit.key");
    let keeping = || {
        let policies = Arc::clone(policies);
        let rule = Box::new(move |id| policies.rule(id));
        Keeping { arguments, rule, ..Keeping::default() }
    };
    if let Some(asked) = asked {
        return ChainFile::open(asked, &key, keeping()).map(Arc::new).map_err(told);
    }
    match ChainFile::open(&default_file(&state), &key, keeping()) {
        Ok(chain) => Ok(Arc::new(chain)),
        Err(OpenError::Locked(path)) => {
            let own = state.join(format!("audit-{}.jsonl", std::process::id()));
            let (theirs, own_file) = (path.display(), own.display());
            tracing::warn!(
                target: "cofferdam",
                file = %own_file,
                %theirs,
                "another server writes the default audit file: `--audit FILE` gives each server one",
            );
            ChainFile::open(&own, &key, keeping()).map(Arc::new).map_err(told)
        }
        Err(error @ OpenError::Signed { .. }) => Err(told(error)),
        Err(error) => Err(anyhow!("{error}\nhint: `--audit FILE` names another place")),
    }
}

/// The error, with a hint.
fn told(error: OpenError) -> anyhow::Error {
    match error {
        OpenError::Signed { .. } => anyhow!(
            "{error}\nhint: put the key back that has signed it, or move the log away; `--audit FILE` names another place"
        ),
        error => error.into(),
    }
}

/// Signs what was written, as the last thing a process does with its chain.
pub fn finish(chain: &ChainFile) {
    if let Err(error) = chain.checkpoint() {
        let file = chain.path();
        tracing::error!(target: "cofferdam", file = %file.display(), %error, "the audit file has no last checkpoint");
    }
}

/// Runs the command.
///
/// # Errors
/// A file cannot be read.
pub fn run(audit: Audit) -> anyhow::Result<Exit> {
    match audit.command {
        AuditCommand::Tail { file, lines, follow } => tail(&or_default(file)?, lines, follow),
        AuditCommand::Show { file, json } => show(&or_default(file)?, json),
        AuditCommand::Verify { file } => check(&or_default(file)?),
    }
}

fn check(file: &Path) -> anyhow::Result<Exit> {
    let key = state_folder()?.join("audit.key");
    let report = verify(file, &key).context("the audit file cannot be checked")?;
    let mut text = match &report.fault {
        None => format!("ok: {} lines in {} files are as they were written\n", report.lines, report.files.len()),
        Some(fault) => format!("not ok: {fault}\n{} lines before it are as they were written\n", report.lines),
    };
    if let Some((first, last)) = &report.span {
        text += &format!("from {first} to {last}\n");
    }
    text += &format!("{} signed checkpoints; {} lines after the last one\n", report.checkpoints, report.unsigned);
    text += &format!("checked with the key {}\n", report.key);
    for note in &report.notes {
        text += &format!("note: {note}\n");
    }
    text += &format!(
        "This proves nothing against whoever holds the key `{}`: they could write another past.\n",
        key.display()
    );
    terminal::print(&text)?;
    Ok(if report.fault.is_none() { Exit::Success } else { Exit::Failure })
}

fn show(path: &Path, json: bool) -> anyhow::Result<Exit> {
    let mut text = String::new();
    for file in files(path) {
        let mut lines = Lines::open(&file).with_context(|| format!("`{}`", file.display()))?;
        while let Some(line) = lines.next_line()? {
            match json {
                true => text += &harmless_json(&String::from_utf8_lossy(&line)),
                false => text += &readable(&line),
            }
            text.push('\n');
            if text.len() > CHUNK {
                terminal::print(&text)?;
                text.clear();
            }
        }
    }
    terminal::print(&text)?;
    Ok(Exit::Success)
}

fn tail(path: &Path, count: usize, follow: bool) -> anyhow::Result<Exit> {
    let mut lines = Follow::open(path).with_context(|| format!("`{}`", path.display()))?;
    let mut last = VecDeque::with_capacity(count.min(1024));
    while let Some(line) = lines.next_line()? {
        if last.len() == count {
            last.pop_front();
        }
        if count > 0 {
            last.push_back(line);
        }
    }
    terminal::print(&last.iter().map(|line| readable(line) + "\n").collect::<String>())?;
    if !follow {
        return Ok(Exit::Success);
    }
    setup::runtime()?.block_on(async {
        let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            while let Some(line) = lines.next_line()? {
                terminal::print(&(readable(&line) + "\n"))?;
            }
            tokio::select! {
                _ = &mut stop => return Ok(Exit::Success),
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    })
}

fn readable(line: &[u8]) -> String {
    match serde_json::from_slice::<Record<'static>>(line) {
        Ok(record) => record.line(),
        Err(_) => format!("({} bytes that are no event)", line.len()),
    }
}

fn or_default(file: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    file.map_or_else(|| state_folder().map(|state| default_file(&state)), Ok)
}

/// The audit file of `serve`, where none is named.
///
/// # Errors
/// No folder for it is known.
pub fn default_place() -> anyhow::Result<PathBuf> {
    Ok(default_file(&state_folder()?))
}

fn default_file(state: &Path) -> PathBuf {
    state.join("audit.jsonl")
}

#[expect(clippy::disallowed_methods, reason = "the folder of the audit key, and of the audit file where none is named")]
fn make(state: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(state);
    made.with_context(|| format!("no folder for the audit key: `{}`", state.display()))?;
    let about = fs::metadata(state)?;
    if about.mode() & 0o022 == 0 {
        return Ok(());
    }
    // Whoever can write there can replace the key.
    let folder = state.display();
    tracing::warn!(target: "cofferdam", %folder, "others could write where the audit key is: it is closed to them now");
    fs::set_permissions(state, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("others can write `{}`, where the audit key is", state.display()))
}
