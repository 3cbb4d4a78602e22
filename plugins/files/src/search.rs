//! `grep_tool`: one file, or all below a directory, and the answer in both its forms.

use std::io;

use cofferdam_sdk::{Answer, Failure};
use files_logic::grep::{Budget, Filter, Found, Options, Search, Tree, Visit, walk};
use files_logic::{Source, UserPath, is_stop};
use plugin_kit::cursor;
use wasip2::filesystem::types::DescriptorType;

use crate::answers::{Line, Matches, Matching, Skipped};
use crate::arguments::Grep;
use crate::disk::Disk;
use crate::refusals::{failure, number, path, reason};

/// The most lines of one answer.
const LINES: usize = 5000;

/// The most files of one answer.
const FILES: usize = 5000;

/// The most skipped files that are named.
const SKIPPED: usize = 100;

/// Where a search goes on: in which file, at which byte and line; and which search it is of.
type Position = (String, u64, u64, String);

/// One search under way.
struct Run<'a> {
    search: &'a Search,
    decompress: bool,
    budget: Budget,
    named: bool,
    answer: Matches,
    text: String,
    resume: Option<(String, u64, u64)>,
    /// The last file that is done.
    done: Option<String>,
}

impl Run<'_> {
    /// Searches one file from a position on.
    fn file(&mut self, disk: &mut Disk, path: &UserPath, from: (u64, u64)) -> io::Result<Visit> {
        let options = self.search.options();
        let source = disk.open(path).and_then(|file| Source::open(file, self.decompress));
        let searched = source.and_then(|source| {
            let binary = source.binary;
            self.search.run(source.into_reader(from.0)?, from, binary, &mut self.budget)
        });
        let found = match searched {
            Ok(found) => found,
            Err(error) if is_stop(&error) => {
                self.stopped(path, from);
                return Ok(Visit::Stop);
            }
            Err(error) => {
                self.skip(path, &error);
                return Ok(Visit::Next);
            }
        };
        self.answer.files_searched += 1;
        self.answer.bytes_searched += found.reached.saturating_sub(from.0);
        self.answer.matches += found.matches;
        let of_files = options.count || options.with_matches || options.without_match;
        if of_files {
            // What only part of a file says is no count of it.
            if found.partial {
                self.stopped(path, from);
                return Ok(Visit::Stop);
            }
            self.of_file(path, &found);
        } else {
            self.lines(path, &found);
        }
        if let Some(why) = &found.failed {
            self.skip(path, &io::Error::other(format!("not searched to its end: {why}")));
        }
        if let Some((offset, number)) = found.resume {
            self.resume = Some((path.to_string(), offset, number));
            return Ok(Visit::Stop);
        }
        if found.partial {
            // Behind the last line that was found, or where this began.
            let last = found.lines.last().map_or(from, |line| (line.offset, line.number));
            self.stopped(path, last);
            return Ok(Visit::Stop);
        }
        if self.answer.files.len() >= FILES || self.budget.lines == 0 || self.budget.bytes < 1024 {
            self.resume = Some((path.join("").to_string(), 0, 1));
            return Ok(Visit::Stop);
        }
        self.done = Some(path.to_string());
        Ok(Visit::Next)
    }

    fn stopped(&mut self, path: &UserPath, (offset, number): (u64, u64)) {
        self.answer.partial = true;
        self.resume = Some((path.to_string(), offset, number));
    }

    fn skip(&mut self, path: &UserPath, error: &io::Error) {
        self.answer.skipped_count += 1;
        if self.answer.skipped.len() < SKIPPED {
            let reason = reason(error).1;
            if !self.search.options().quiet_errors {
                self.text += &format!("{path}: {reason}\n");
            }
            self.answer.skipped.push(Skipped { file: path.to_string(), reason });
        }
    }

    fn of_file(&mut self, path: &UserPath, found: &Found) {
        let options = self.search.options();
        let shown = match (options.with_matches, options.without_match) {
            (true, _) => found.matches > 0,
            (_, true) => found.matches == 0,
            _ => true,
        };
        if !shown {
            return;
        }
        self.text += &match (options.count && !options.with_matches && !options.without_match, self.named) {
            (true, true) => format!("{path}:{}\n", found.matches),
            (true, false) => format!("{}\n", found.matches),
            (false, _) => format!("{path}\n"),
        };
        self.budget.bytes = self.budget.bytes.saturating_sub(2 * path.as_str().len() + 64);
        let matching = Matching { file: path.to_string(), matches: found.matches, binary: found.binary };
        self.answer.files.push(matching);
    }

    fn lines(&mut self, path: &UserPath, found: &Found) {
        let options = self.search.options();
        let context = options.before + options.after > 0;
        if found.binary && found.matches > 0 {
            self.text += &format!("Binary file {path} matches\n");
            self.answer.files.push(Matching { file: path.to_string(), matches: found.matches, binary: true });
        }
        for (index, line) in found.lines.iter().enumerate() {
            if context && (line.gap || (index == 0 && !self.answer.lines.is_empty())) {
                self.text += "--\n";
            }
            let mark = if line.matched { ':' } else { '-' };
            if self.named {
                self.text += &format!("{path}{mark}");
            }
            if options.numbers {
                self.text += &format!("{}{mark}", line.number);
            }
            self.text += &line.text;
            self.text += if line.cut { "…\n" } else { "\n" };
            self.budget.bytes = self.budget.bytes.saturating_sub(2 * path.as_str().len());
            self.answer.lines.push(Line {
                file: path.to_string(),
                line: line.number,
                offset: line.offset,
                text: line.text.clone(),
                context: !line.matched,
                cut: line.cut,
            });
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
    let limit = number("limit", a.limit, 64 << 10, 16 << 10, (512 << 10).min(cofferdam_sdk::limits().output / 8))?;
    let from = match &a.cursor {
        None => None,
        Some(text) => Some(position(a, text)?),
    };
    let recursive = options.recursive;
    let named = options.names;
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
        budget: Budget { bytes: usize::try_from(limit).unwrap_or(usize::MAX), lines: LINES },
        named: named.unwrap_or(directory),
        answer: Matches::default(),
        text: String::new(),
        resume: None,
        done: None,
    };
    if directory {
        below(&mut run, &mut disk, &path, &filter, from.as_ref())?;
    } else {
        let at = from.as_ref().map_or((0, 1), |(_, offset, number)| (*offset, *number));
        // One file that cannot be read is the whole answer.
        drop(disk.open(&path).map_err(|error| failure(&disk, &path, &error))?);
        run.file(&mut disk, &path, at).map_err(|error| failure(&disk, &path, &error))?;
        if let ([skipped], 0) = (&run.answer.skipped[..], run.answer.matches) {
            return Err(Failure::new("io_error", format_args!("`{path}`: {}", skipped.reason)));
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
    from: Option<&(String, u64, u64)>,
) -> Result<(), Failure> {
    let start = match from {
        None => None,
        // `FILE/` is right behind FILE.
        Some((file, ..)) => {
            Some((UserPath::parse(file).map_err(|e| Failure::argument("cursor", e))?, file.ends_with('/')))
        }
    };
    let mut skipped: Vec<(UserPath, io::Error)> = Vec::new();
    let mut beyond = 0;
    let walked = walk(
        disk,
        path,
        filter,
        start.as_ref().map(|(start, _)| start),
        &mut |disk, file| {
            let at = match (&start, from) {
                (Some((start, true)), _) if start == file => return Ok(Visit::Next),
                (Some((start, false)), Some((_, offset, number))) if start == file => (*offset, *number),
                _ => (0, 1),
            };
            run.file(disk, file, at)
        },
        &mut |directory, error| {
            if skipped.len() < SKIPPED { skipped.push((directory.clone(), error)) } else { beyond += 1 }
        },
    );
    for (directory, error) in &skipped {
        run.skip(directory, error);
    }
    run.answer.skipped_count += beyond;
    match walked {
        Ok(_) => Ok(()),
        // Time was up between two files: on behind the last one that is done, or where this began.
        Err(error) if is_stop(&error) => {
            run.answer.partial = true;
            run.resume = match &run.done {
                Some(done) => Some((format!("{done}/"), 0, 1)),
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

fn position(a: &Grep, text: &str) -> Result<(String, u64, u64), Failure> {
    let (file, offset, number, of): Position =
        cursor::decode("grep", text).map_err(|error| Failure::argument("cursor", error))?;
    if of != digest(&which(a)) {
        let message = "belongs to another search (pattern, path or options differ); leave it out to begin anew";
        return Err(Failure::argument("cursor", message));
    }
    Ok((file, offset, number))
}

/// A short mark of a search: a cursor of another one is a mistake, not an attack.
fn digest(text: &str) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn finish(run: Run<'_>, a: &Grep) -> Answer<Matches> {
    let Run { mut answer, mut text, resume, .. } = run;
    answer.end = resume.is_none() && !answer.partial;
    answer.next_cursor =
        resume.map(|(file, offset, number)| cursor::encode("grep", &(file, offset, number, digest(&which(a)))));
    if text.is_empty() {
        text += "(no line matches)\n";
    }
    if answer.partial {
        text += "[time was up before all was searched]\n";
    }
    if let Some(cursor) = &answer.next_cursor {
        text += &format!("[there may be more: go on with cursor {cursor}]\n");
    }
    Answer::new(text, answer)
}
