//! The audit file under forgery. A chain of several files, with a crash in it, is edited in any
//! way, by whoever can write the log and not the key: `verify` finds it, and the next writer that
//! takes the file up does not wipe it out. Bytes that are no chain at all make nothing panic.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use arbitrary::{Arbitrary, Unstructured};
use cofferdam_audit::{ChainFile, Decision, Event, Keeping, OpenError, Report, Sink as _, verify};
use cofferdam_grants::{Protocol, Resource, RuleId};
use sha2::{Digest as _, Sha256};

/// What is done to a chain.
#[derive(Arbitrary, Debug)]
struct Forgery {
    /// Every hash is made right afterwards, which takes no key.
    rehash: bool,
    /// So are the lines' numbers.
    renumber: bool,
    /// The head is edited too: then anything may be said, but nothing may panic.
    head: Option<(u16, u8)>,
    edits: Vec<Edit>,
}

/// One edit. Files, lines and places are taken modulo how many there are.
#[derive(Arbitrary, Debug)]
enum Edit {
    Flip { file: u8, at: u16, bit: u8 },
    Set { file: u8, at: u16, byte: u8 },
    Insert { file: u8, at: u16, bytes: Vec<u8> },
    Remove { file: u8, at: u16, len: u8 },
    Cut { file: u8, at: u16 },
    DropLine { file: u8, line: u8 },
    SwapLines { file: u8, line: u8, other: u8, line_of_other: u8 },
    CopyLine { file: u8, line: u8, to: u8, line_of_other: u8 },
    MoveLines { file: u8, line: u8 },
    DropFile { file: u8 },
    SwapFiles { file: u8, other: u8 },
    Replace { file: u8, bytes: Vec<u8> },
    Append { file: u8, bytes: Vec<u8> },
}

/// The files of a log, the oldest first; `None` for one that is not there.
type Files = Vec<Option<Vec<u8>>>;

/// A folder with a log and, apart from it, a key; and what a good chain there looks like.
struct LogFolder {
    folder: PathBuf,
    files: Files,
    head: (PathBuf, Vec<u8>),
}

/// The one place of this process: two in its folder would write into each other's chain.
fn place() -> MutexGuard<'static, LogFolder> {
    static PLACE: OnceLock<Mutex<LogFolder>> = OnceLock::new();
    let place = PLACE.get_or_init(|| Mutex::new(LogFolder::new().unwrap_or_else(|error| panic!("no place: {error}"))));
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Any bytes, as what is done to a chain.
pub fn target(data: &[u8]) {
    let place = place();
    let Ok(forgery) = Forgery::arbitrary_take_rest(Unstructured::new(data)) else { return };
    place.check(&forgery);
}

impl Forgery {
    fn apply(&self, files: &Files) -> Files {
        let mut files = files.clone();
        self.edits.iter().take(8).for_each(|edit| edit.apply(&mut files));
        if self.rehash {
            rehash(&mut files, self.renumber);
        }
        files
    }
}

impl Edit {
    fn apply(&self, files: &mut Files) {
        let count = files.len();
        let index = |file: u8| usize::from(file) % count;
        let place = |bytes: &[u8], at: u16| usize::from(at) % (bytes.len() + 1);
        match self {
            Self::Flip { file, at, bit } => on(files, index(*file), |bytes| {
                let at = place(bytes, *at);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << (bit % 8));
            }),
            Self::Set { file, at, byte } => on(files, index(*file), |bytes| {
                let at = place(bytes, *at);
                bytes.get_mut(at).into_iter().for_each(|own| *own = *byte);
            }),
            Self::Insert { file, at, bytes: new } => on(files, index(*file), |bytes| {
                let at = place(bytes, *at);
                bytes.splice(at..at, new.iter().copied());
            }),
            Self::Remove { file, at, len } => on(files, index(*file), |bytes| {
                let at = place(bytes, *at);
                bytes.drain(at..(at + usize::from(*len)).min(bytes.len()));
            }),
            Self::Cut { file, at } => on(files, index(*file), |bytes| bytes.truncate(place(bytes, *at))),
            Self::DropLine { file, line } => {
                take_line(files, index(*file), *line);
            }
            Self::SwapLines { file, line, other, line_of_other } => {
                let (one, two) =
                    (take_line(files, index(*file), *line), take_line(files, index(*other), *line_of_other));
                put_line(files, index(*file), *line, two);
                put_line(files, index(*other), *line_of_other, one);
            }
            Self::CopyLine { file, line, to, line_of_other } => {
                let text = take_line(files, index(*file), *line);
                put_line(files, index(*file), *line, text.clone());
                put_line(files, index(*to), *line_of_other, text);
            }
            Self::MoveLines { file, line } => {
                // The end of a file to the beginning of the next: the same lines, cut elsewhere.
                let (from, to) = (index(*file), (index(*file) + 1) % count);
                while let Some(text) = take_line(files, from, u8::MAX).filter(|_| to > from) {
                    put_line(files, to, 0, Some(text));
                    if files[from].as_ref().is_none_or(|bytes| lines(bytes).len() <= usize::from(*line)) {
                        break;
                    }
                }
            }
            Self::DropFile { file } => files[index(*file)] = None,
            Self::SwapFiles { file, other } => files.swap(index(*file), index(*other)),
            Self::Replace { file, bytes } => files[index(*file)] = Some(bytes.clone()),
            Self::Append { file, bytes: new } => on(files, index(*file), |bytes| bytes.extend(new)),
        }
    }
}

fn on(files: &mut Files, index: usize, edit: impl FnOnce(&mut Vec<u8>)) {
    if let Some(bytes) = &mut files[index] {
        edit(bytes);
    }
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Takes a line out of a file; the last one for a number that is too high.
fn take_line(files: &mut Files, index: usize, line: u8) -> Option<Vec<u8>> {
    let bytes = files[index].as_mut()?;
    let mut all = lines(bytes);
    let at = usize::from(line).min(all.len().checked_sub(1)?);
    let taken = all.remove(at).to_vec();
    *bytes = all.concat();
    Some(taken)
}

fn put_line(files: &mut Files, index: usize, line: u8, text: Option<Vec<u8>>) {
    let (Some(bytes), Some(text)) = (files[index].as_mut(), text) else { return };
    let mut all = lines(bytes);
    all.insert(usize::from(line).min(all.len()), &text);
    *bytes = all.concat();
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives every line that looks like one the hash of the line before and its own, as
/// whoever knows the format can.
fn rehash(files: &mut Files, renumber: bool) {
    let mut before: Option<(String, u64)> = None;
    for bytes in files.iter_mut().flatten() {
        let forged = lines(bytes).into_iter().map(|line| {
            let right = str::from_utf8(line).ok().and_then(|line| resealed(line, before.as_ref(), renumber));
            match right {
                Some((line, hash, seq)) => {
                    before = Some((hash, seq));
                    line.into_bytes()
                }
                None => line.to_vec(),
            }
        });
        *bytes = forged.collect::<Vec<_>>().concat();
    }
}

fn resealed(line: &str, before: Option<&(String, u64)>, renumber: bool) -> Option<(String, String, u64)> {
    let (body, _) = line.strip_suffix("\"}\n")?.rsplit_once(",\"hash\":\"")?;
    let (head, old) = body.strip_suffix('"')?.rsplit_once("\"prev\":\"")?;
    let (number, rest) = head.strip_prefix("{\"seq\":")?.split_once(',')?;
    let number: u64 = number.parse().ok()?;
    let seq = before.filter(|_| renumber).map_or(number, |(_, seq)| seq.saturating_add(1));
    let prev = before.map_or(old, |(hash, _)| hash);
    let body = format!("{{\"seq\":{seq},{rest}\"prev\":\"{prev}\"");
    let hash = sha256(body.as_bytes());
    Some((format!("{body},\"hash\":\"{hash}\"}}\n"), hash, seq))
}

/// The beginning of our folders' names; the process's number follows.
const PREFIX: &str = "cofferdam-fuzz-audit-";

/// Files beside the one that is written, and the size at which that is rotated.
const OLD: u32 = 2;
const SIZE: u64 = 4_500;

impl LogFolder {
    /// A chain of several files, written by three processes, of which one was killed inside a line.
    fn new() -> std::io::Result<Self> {
        // No disk is waited for in memory.
        let shared = Path::new("/dev/shm");
        let base = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
        sweep(&base);
        let folder = base.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir_all(folder.join("state"))?;
        let mut place = Self { folder, files: Vec::new(), head: (PathBuf::new(), Vec::new()) };
        // Always the same key, so that an input does the same every time.
        let mut key = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(place.key())?;
        std::io::Write::write_all(&mut key, &[7; 32])?;
        for asks in [8, 9, 10] {
            place.process(SIZE, asks).unwrap_or_else(|error| panic!("{error}"));
            if asks == 8 {
                fs::write(place.log(), [fs::read(place.log())?.as_slice(), b"{\"seq\":11,\"time\""].concat())?;
            }
        }
        place.files = (0..=OLD).rev().map(|number| fs::read(place.numbered(number)).ok()).collect();
        assert!(place.files.iter().all(Option::is_some), "a chain of several files");
        for entry in fs::read_dir(place.folder.join("state"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "head") {
                place.head = (path.clone(), fs::read(path)?);
            }
        }
        let report = place.verify();
        assert!(report.fault.is_none() && report.notes.len() == 1, "{report:?}");
        Ok(place)
    }

    fn log(&self) -> PathBuf {
        self.numbered(0)
    }

    fn key(&self) -> PathBuf {
        self.folder.join("state/audit.key")
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let end = if number == 0 { String::new() } else { format!(".{number}") };
        self.folder.join(format!("audit.jsonl{end}"))
    }

    /// What a process does that is asked for so many things and ends in order.
    fn process(&self, size: u64, asks: u16) -> Result<(), OpenError> {
        let rule = Box::new(|id: RuleId| Some(format!("rule {}", id.index())));
        let chain =
            ChainFile::open(&self.log(), &self.key(), Keeping { size, files: OLD, rule, ..Keeping::default() })?;
        for port in 0..asks {
            let resource = Resource::Peer { protocol: Protocol::Tcp, to: ([10, 0, 0, 1], port).into(), zone: None };
            let ask = Event::Ask {
                plugin: "tcp",
                caller: None,
                resource,
                decision: Decision::Allowed(Some(RuleId::new(0, 3))),
            };
            assert!(chain.record(&ask).is_ok(), "an event can be written");
        }
        Ok(())
    }

    fn verify(&self) -> Report {
        verify(&self.log(), &self.key()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn lay(&self, files: &Files, head: &[u8]) -> std::io::Result<()> {
        for (number, bytes) in (0..=OLD).rev().zip(files) {
            match bytes {
                Some(bytes) => fs::write(self.numbered(number), bytes)?,
                None => drop(fs::remove_file(self.numbered(number))),
            }
        }
        fs::write(&self.head.0, head)
    }

    fn check(&self, forgery: &Forgery) {
        let forged = forgery.apply(&self.files);
        let mut head = self.head.1.clone();
        if let Some((at, byte)) = forgery.head {
            let at = usize::from(at) % (head.len() + 1);
            head.truncate(if byte == 0 { at } else { head.len() });
            head.get_mut(at).into_iter().for_each(|own| *own ^= byte);
        }
        self.lay(&forged, &head).unwrap_or_else(|error| panic!("{error}"));
        // Without its current file there is no log that could be checked;
        // that is an error of its own.
        let report = verify(&self.log(), &self.key());
        if forgery.head.is_some() {
            let _ = self.process(u64::MAX, 1);
            let _ = verify(&self.log(), &self.key());
            return;
        }
        let found = report.as_ref().map_or(true, |report| report.fault.is_some());
        let harmless = self.is_harmless(&forged);
        assert!(found || harmless, "not found: {forgery:?}, {report:?}");
        if forged == self.files {
            assert!(!found, "nothing was changed: {report:?}");
        }
        // The next writer goes on from there, and what was done stays known.
        if self.process(u64::MAX, 1).is_ok() && found {
            let after = self.verify();
            assert!(
                after.fault.is_some() || self.is_whole_again(),
                "forgotten: {forgery:?}, {report:?}, then {after:?}"
            );
        }
    }

    /// What `verify` does not call a fault, and why: all that was written is there, in its order.
    fn is_harmless(&self, forged: &Files) -> bool {
        let all = joined(forged);
        let Some(more) = all.strip_prefix(joined(&self.files).as_slice()) else { return false };
        // What ends in no line feed is no event: a writer may have been killed there, and the next
        // one in the line that was to explain it. And one whole line can be added without a key, as
        // a writer may have been killed before its head knew of it (`host/SECURITY.md`, known
        // limits); it may be the one that explains what is torn before it.
        let whole: Vec<&[u8]> = lines(more).into_iter().filter(|line| line.ends_with(b"\n")).collect();
        let sealed = whole.iter().filter(|line| carries_its_hash(line)).count();
        sealed == 0 && !more.ends_with(b"\n") || sealed == 1 && whole.last().is_some_and(|line| carries_its_hash(line))
    }

    /// Whether the files hold all that was written: a line feed was missing, and
    /// the next writer has set it.
    fn is_whole_again(&self) -> bool {
        let files: Files = (0..=OLD).rev().map(|number| fs::read(self.numbered(number)).ok()).collect();
        joined(&files).starts_with(&joined(&self.files))
    }
}

fn joined(files: &Files) -> Vec<u8> {
    files.iter().flatten().flatten().copied().collect()
}

/// Whether a line carries its own hash.
fn carries_its_hash(line: &[u8]) -> bool {
    let text = str::from_utf8(line).unwrap_or_default();
    resealed(text, None, false).is_some_and(|(right, ..)| right == text)
}

/// Removes the folders of processes that are no more.
fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if !Path::new("/proc").join(process).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_seeds_hold_every_kind_of_edit_with_hashes_right_and_wrong() {
        let mut kinds = BTreeSet::new();
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/audit_chain")).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            let forgery = Forgery::arbitrary_take_rest(Unstructured::new(&bytes)).unwrap();
            let name = |edit: &Edit| format!("{edit:?}").split(' ').next().unwrap().to_owned();
            kinds.extend(forgery.edits.iter().map(|edit| (name(edit), forgery.rehash)));
        }
        assert_eq!(kinds.len(), 2 * 13, "{kinds:?}");
    }

    #[test]
    fn a_line_is_resealed_as_the_writer_seals_it() {
        let place = place();
        let mut files = place.files.clone();
        rehash(&mut files, true);
        // The first line is not changed by it, and nor are those behind; but for the
        // torn one, which no line is.
        assert_eq!(files, place.files);
    }
}
