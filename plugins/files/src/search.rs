//! `grep_tool`: one file, or all below a directory, and the answer in both its forms.

use std::io;

use cofferdam_sdk::{Answer, Failure};
use files_logic::grep::{Budget, Filter, Found, Options, Printer, Resume, Search, Tree, Visit, walk};
use files_logic::{Source, UserPath, is_stop, json_len};
use plugin_kit::cursor;
use wasip2::filesystem::types::DescriptorType;

use crate::answers::{Matches, Matching, Skipped, Warning};
use crate::arguments::{Grep, given};
use crate::disk::Disk;
use crate::refusals::{failure, number, path, reason};

/// The most lines of one answer.
const LINES: usize = 5000;

/// The most files of one answer.
const FILES: usize = 5000;

/// The most skipped files that are named, and the most warnings.
const SKIPPED: usize = 100;

/// What the structured answer has beside files and lines, in JSON, and what each
/// file has beside its name.
const FRAME: usize = 1 << 10;
const EACH: usize = 64;

/// Where a search goes on: in which file, or right behind it; where in it; whether lines were shown
/// before; and which search it is of.
type Position = (String, bool, Resume, bool, String);

/// Where a search goes on.
#[derive(Clone)]
struct From {
    file: String,
    /// Behind the file, not in it.
    behind: bool,
    at: Resume,
    /// Whether lines were shown before: then a mark stands before the next group of them.
    shown: bool,
}

/// One search under way.
struct Run<'a> {
    search: &'a Search,
    decompress: bool,
    budget: Budget,
    printer: Printer<'a>,
    answer: Matches,
    text: String,
    resume: Option<From>,
    /// Whether lines were shown, on this page or before.
    shown: bool,
    /// The last file that is done.
    done: Option<String>,
}

impl Run<'_> {
    /// Searches one file from a position on.
    fn file(&mut self, disk: &mut Disk, path: &UserPath, from: &Resume) -> io::Result<Visit> {
        let up = disk.up();
        self.budget.of_file(path.as_str(), self.printer.named);
        let source = disk.open(path).and_then(|file| Source::open(file, self.decompress)).map(|one| one.until(up));
        let faults = source.as_ref().map(Source::faults).unwrap_or_default();
        let text = source.and_then(|source| {
            let (binary, plain) = (source.binary, source.is_plain());
            match source.into_reader(from.offset) {
                // Each page of a stream reads it from its beginning: what time does not suffice for
                // once, it never will.
                Err(error) if is_stop(&error) && !plain && from.offset > 0 => {
                    let why = format!("there is not enough time to come to byte {} of it again", from.offset);
                    Err(io::Error::new(io::ErrorKind::Unsupported, why))
                }
                text => text.map(|text| (text, binary)),
            }
        });
        let searched = text.and_then(|(text, binary)| self.search.run(text, from, binary, &mut self.budget));
        let found = match searched {
            Ok(found) => found,
            Err(error) if is_stop(&error) => {
                self.on(path, false, *from);
                self.answer.partial = true;
                return Ok(Visit::Stop);
            }
            Err(error) => {
                self.skip(path, reason(&error));
                return Ok(Visit::Next);
            }
        };
        self.answer.files_searched += 1;
        self.answer.bytes_searched += found.reached.saturating_sub(from.offset);
        self.answer.matches += found.matches;
        if !self.search.options().lists() {
            self.lines(path, from, &found);
        } else if !found.partial {
            // What only part of a file says is no count of it.
            self.of_file(path, &found);
        }
        if let Some(why) = &found.failed {
            self.skip(path, ("not_searched", format!("not searched to its end: {why}")));
        }
        if let Some(fault) = faults.first()
            && found.resume.is_none()
        {
            self.warn(path, fault.code(), fault.message());
        }
        self.answer.partial |= found.partial;
        if let Some(at) = found.resume {
            self.on(path, false, at);
            return Ok(Visit::Stop);
        }
        self.done = Some(path.to_string());
        Ok(Visit::Next)
    }

    /// Whether there is no room for another file.
    fn full(&self) -> bool {
        self.answer.files.len() >= FILES || self.budget.lines == 0 || self.budget.bytes < 1024
    }

    /// The next page goes on here.
    fn on(&mut self, path: &UserPath, behind: bool, at: Resume) {
        self.resume = Some(From { file: path.to_string(), behind, at, shown: self.shown });
    }

    /// Whether something about a file is told, and in which text; it takes of the room as well.
    fn told(&mut self, path: &UserPath, reason: &str, before: usize) -> bool {
        let length = json_len(path.as_str()) + json_len(reason) + EACH;
        let room = before < SKIPPED && length <= self.budget.bytes;
        if room {
            self.budget.spend(length);
            if !self.search.options().quiet_errors {
                self.text += &format!("{path}: {reason}\n");
            }
        }
        room
    }

    fn skip(&mut self, path: &UserPath, (code, reason): (&'static str, String)) {
        self.answer.skipped_count += 1;
        if self.told(path, &reason, self.answer.skipped.len()) {
            self.answer.skipped.push(Skipped { file: path.to_string(), code, reason });
        }
    }

    fn warn(&mut self, path: &UserPath, code: &'static str, message: &str) {
        if self.told(path, message, self.answer.warnings.len()) {
            self.answer.warnings.push(Warning { file: Some(path.to_string()), code, message: message.to_owned() });
        }
    }

    fn of_file(&mut self, path: &UserPath, found: &Found) {
        if self.printer.lists(found) {
            self.printer.file(&mut self.text, path.as_str(), found);
            self.matching(path, found.total, found.binary);
        }
    }

    fn matching(&mut self, path: &UserPath, matches: u64, binary: bool) {
        self.budget.spend(json_len(path.as_str()) + EACH);
        self.answer.files.push(Matching { file: path.to_string(), matches, binary, lines: Vec::new() });
    }

    fn lines(&mut self, path: &UserPath, from: &Resume, found: &Found) {
        let binary = found.binary && found.matches > 0;
        if binary || !found.lines.is_empty() {
            self.matching(path, found.matches, binary);
        }
        // A file that goes on from the page before says itself whether lines were left out.
        let mut first = from.shown == 0 && self.shown && self.search.options().context();
        let mut lines = Vec::with_capacity(found.lines.len());
        for line in &found.lines {
            if line.gap {
                lines.push("--".to_owned());
            }
            if std::mem::take(&mut first) || line.gap {
                self.text += "--\n";
            }
            self.shown = true;
            self.printer.line(&mut self.text, path.as_str(), line);
            lines.push(self.printer.entry(line, true));
        }
        if let Some(file) = self.answer.files.last_mut().filter(|_| !lines.is_empty()) {
            file.lines = lines;
        }
        if binary {
            self.text += &format!("Binary file {path} matches\n");
        }
    }
}

/// `grep_tool`.
pub fn grep(mut disk: Disk, a: &Grep) -> Result<Answer<Matches>, Failure> {
    let path = path(&a.file_path)?;
    let options = Options::parse(a.options.as_deref().unwrap_or_default())
        .map_err(|error| Failure::argument("options", error))?;
    let filter = Filter::new(&options.include, &options.exclude, &options.exclude_dir)
        .map_err(|error| Failure::argument("options", error))?;
    let limit = number("limit", a.limit, 32 << 10, 16 << 10, (512 << 10).min(cofferdam_sdk::limits().output / 4))?;
    let from = match given(&a.cursor) {
        None => None,
        Some(text) => Some(position(a, text)?),
    };
    let recursive = options.recursive;
    let search = Search::new(&a.pattern, options).map_err(|error| Failure::argument("pattern", error))?;
    let stat = disk.stat(&path, true).map_err(|error| failure(&disk, &path, &error))?;
    let directory = stat.type_ == DescriptorType::Directory;
    if directory && !recursive {
        let message = format!("`{path}`: it is a directory; -r in options searches all files below it");
        return Err(Failure::new("is_directory", message).with("file_path", path.as_str()));
    }
    let mut run = Run {
        search: &search,
        decompress: a.decompress.unwrap_or(true),
        budget: Budget::new(usize::try_from(limit - (FRAME as u64).min(limit / 4)).unwrap_or(usize::MAX), LINES),
        printer: Printer::new(search.options(), directory),
        answer: Matches::default(),
        text: String::new(),
        resume: None,
        shown: from.as_ref().is_some_and(|from| from.shown),
        done: None,
    };
    if directory {
        below(&mut run, &mut disk, &path, &filter, from.as_ref())?;
    } else {
        let at = from.as_ref().map_or_else(Resume::default, |from| from.at);
        // One file that cannot be read is the whole answer.
        drop(disk.open(&path).map_err(|error| failure(&disk, &path, &error))?);
        run.file(&mut disk, &path, &at).map_err(|error| failure(&disk, &path, &error))?;
        if let ([skipped], 0) = (&run.answer.skipped[..], run.answer.files_searched) {
            return Err(Failure::new(skipped.code, format_args!("`{path}`: {}", skipped.reason)));
        }
    }
    Ok(finish(run, a))
}

/// Searches a directory and all below it.
fn below(
    run: &mut Run<'_>,
    disk: &mut Disk,
    path: &UserPath,
    filter: &Filter,
    from: Option<&From>,
) -> Result<(), Failure> {
    let start = match from {
        None => None,
        Some(from) => Some(UserPath::parse(&from.file).map_err(|error| Failure::argument("cursor", error))?),
    };
    let mut skipped: Vec<(UserPath, io::Error)> = Vec::new();
    let mut beyond = 0;
    let walked = walk(
        disk,
        path,
        filter,
        start.as_ref(),
        &mut |disk, file| {
            let at = match from {
                Some(from) if start.as_ref() == Some(file) && from.behind => return Ok(Visit::Next),
                Some(from) if start.as_ref() == Some(file) => from.at,
                _ => Resume::default(),
            };
            let visit = run.file(disk, file, &at)?;
            if visit == Visit::Next && run.full() {
                run.on(file, true, Resume::default());
                return Ok(Visit::Stop);
            }
            Ok(visit)
        },
        &mut |directory, error| {
            if skipped.len() < SKIPPED { skipped.push((directory.clone(), error)) } else { beyond += 1 }
        },
    );
    for (directory, error) in &skipped {
        run.skip(directory, reason(error));
    }
    run.answer.skipped_count += beyond;
    match walked {
        Ok(_) => Ok(()),
        // Time was up between two files: on behind the last one that is done, or where this began.
        Err(error) if is_stop(&error) => {
            run.answer.partial = true;
            run.resume = match run.done.clone() {
                Some(file) => Some(From { file, behind: true, at: Resume::default(), shown: run.shown }),
                None => from.cloned(),
            };
            Ok(())
        }
        Err(error) => Err(failure(disk, path, &error)),
    }
}

/// Which search a cursor belongs to.
fn which(a: &Grep) -> String {
    format!("{}\0{}\0{}", a.pattern, a.file_path, a.options.as_deref().unwrap_or_default())
}

fn position(a: &Grep, text: &str) -> Result<From, Failure> {
    let (file, behind, at, shown, of): Position =
        cursor::decode("grep", text).map_err(|error| Failure::argument("cursor", error))?;
    if of != digest(&which(a)) {
        let message = "belongs to another search (pattern, path or options differ); leave it out to begin anew";
        return Err(Failure::argument("cursor", message));
    }
    // A line's number begins at one; a cursor is no authority, but it may not
    // break the arithmetic either.
    let at = Resume { number: at.number.max(1), ..at };
    Ok(From { file, behind, at, shown })
}

/// A short mark of a search: a cursor of another one is a mistake, not an attack.
fn digest(text: &str) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What it means that nothing is printed.
fn nothing(options: &Options, answer: &Matches) -> &'static str {
    match () {
        () if !answer.end => "nothing so far",
        () if options.max_count == Some(0) => "no line was asked for: -m 0",
        () if answer.files_searched == 0 => "no file was searched",
        () if options.without_match => "every file has a line that matches",
        () if options.invert && !options.lists() && answer.matches == 0 => "every line matches",
        () if options.only_matching && answer.matches > 0 => {
            "lines match, but what matches is empty, or left out with -v"
        }
        () => "no line matches",
    }
}

fn finish(run: Run<'_>, a: &Grep) -> Answer<Matches> {
    let Run { mut answer, mut text, resume, search, .. } = run;
    answer.end = resume.is_none() && !answer.partial;
    answer.next_cursor = resume.map(|From { file, behind, at, shown }| {
        let position: Position = (file, behind, at, shown, digest(&which(a)));
        cursor::encode("grep", &position)
    });
    if text.is_empty() {
        text += &format!("({})\n", nothing(search.options(), &answer));
    }
    if answer.partial {
        text += "[time was up before all was searched]\n";
    }
    if let Some(cursor) = &answer.next_cursor {
        text += &format!("[there may be more: go on with cursor {cursor}]\n");
    }
    Answer::new(text, answer)
}
