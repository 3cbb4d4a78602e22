//! `cat_tool`, `head_tool`, `tail_tool`: pieces of one file, and how they are answered.

use std::io;
use std::time::Duration;

use cofferdam_sdk::{Answer, Cx, Failure, Integer};
use files_logic::follow::{Follower, Mark};
use files_logic::{Fault, Part, Room, Source, UserPath, json_len, show, show_end};
use plugin_kit::cursor;
use wasip2::filesystem::types::ErrorCode;

use crate::answers::{self, Content, Warning};
use crate::arguments::{Cat, Head, Tail, given};
use crate::disk::{self, Disk, Reader};
use crate::follow::{Beginning, follow};
use crate::refusals::{failure, number, path, reason};

/// The most bytes of a page; the policy's limit of an answer may be less.
const MOST: u64 = 1 << 20;

/// Without `limit`: what every client passes on to its model as it is, in JSON.
const DEFAULT: u64 = 32 << 10;

/// What the structured answer has beside the content and the path, in JSON.
const FRAME: usize = 1 << 10;

/// Lines from either end are looked for in so many bytes at least: a long run of
/// one byte takes little room.
const AT_LEAST: usize = 256 << 10;

/// A position in a file: which file, and how far.
type Position = (String, u64, bool);

/// The room for a page. The content stands in both halves of the answer.
fn room(limit: Option<Integer>, path: &UserPath) -> Result<Room, Failure> {
    let output = cofferdam_sdk::limits().output;
    let most = MOST.min(output * 3 / 8);
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    if limit.is_none() {
        let whole = size(DEFAULT.min(most));
        return Ok(Room::of_json(whole.saturating_sub(FRAME + json_len(path.as_str())).max(whole / 8)));
    }
    let text = number("limit", limit, DEFAULT, 16, most)?;
    Ok(Room { text: size(text), json: size(output - output / 8 - text) })
}

fn lines(lines: Option<Integer>) -> Result<u64, Failure> {
    number("lines", lines, 10, 0, 10_000_000)
}

/// What is known of the file before anything of it is shown.
fn about(path: &UserPath, size: u64, source: &Source<Reader>) -> Content {
    Content {
        file_path: path.to_string(),
        size,
        encoding: answers::encoding(source.encoding),
        compressed: source.compressed,
        binary: source.binary,
        ..Content::default()
    }
}

/// Tells what is wrong with the file.
fn warn(content: &mut Content, fault: Option<Fault>, failed: Option<io::Error>) {
    let fault = fault.map(|fault| (fault.code(), fault.message().to_owned()));
    let failed = failed.map(|error| {
        let (code, reason) = reason(&error);
        (code, format!("{reason}; what comes before that place is read"))
    });
    let warning = |(code, message)| Warning { file: None, code, message };
    content.warnings.extend(fault.into_iter().chain(failed).map(warning));
}

/// Puts the content into both halves of the answer, and says in the text what
/// only the other half says.
fn answer(mut content: Content, text: String) -> Answer<Content> {
    let mut notes: Vec<String> =
        content.warnings.iter().map(|Warning { code, message, .. }| format!("{code}: {message}")).collect();
    if content.truncated {
        notes.push("cut, there was no room for more".to_owned());
    }
    if content.partial {
        notes.push("time was up before all was read".to_owned());
    }
    match (&content.next_cursor, &content.followed) {
        (Some(cursor), Some(followed)) => {
            if followed.replaced {
                notes.push("the file is another one than before, and was read from its beginning".to_owned());
            }
            if followed.interruptions > 0 {
                let now = if followed.missing { ", nor is there at the end" } else { "" };
                notes.push(format!("for a while there was no file under this name{now}"));
            }
            notes.push(format!("what comes next: tail_tool with cursor {cursor}"));
        }
        (Some(cursor), None) => notes.push(format!("the file goes on: cat_tool with cursor {cursor}")),
        (None, _) => {}
    }
    let mut block = text.clone();
    content.content = Some(text);
    if !notes.is_empty() {
        let line = if block.is_empty() || block.ends_with('\n') { "" } else { "\n" };
        block += &format!("{line}[{}]\n", notes.join("; "));
    }
    Answer::new(block, content)
}

/// Opens a file and looks at its beginning.
fn open(disk: &Disk, path: &UserPath, decompress: Option<bool>) -> Result<(Source<Reader>, u64), Failure> {
    let opened = disk.open_file(path).and_then(|file| {
        let size = file.size()?;
        Ok((Source::open(file, decompress.unwrap_or(true))?.until(disk.up()), size))
    });
    opened.map_err(|error| failure(disk, path, &error))
}

/// `cat_tool`.
pub fn cat(disk: &Disk, a: &Cat) -> Result<Answer<Content>, Failure> {
    let path = path(&a.file_path)?;
    let room = room(a.limit, &path)?;
    let decompress = a.decompress.unwrap_or(true);
    let offset = match (given(&a.cursor), a.offset) {
        (Some(_), Some(_)) => {
            return Err(Failure::argument("offset", "cursor says already where to begin; leave one of them out"));
        }
        (None, offset) => number("offset", offset, 0, 0, u64::MAX >> 1)?,
        (Some(text), None) => {
            let (of, offset, raw): Position =
                cursor::decode("cat", text).map_err(|error| Failure::argument("cursor", error))?;
            if of != path.as_str() || raw == decompress {
                let message = format!("belongs to another reading (of `{of}`); leave it out to begin anew");
                return Err(Failure::argument("cursor", message));
            }
            offset
        }
    };
    let (mut source, size) = open(disk, &path, a.decompress)?;
    let page = files_logic::page(&mut source, offset, room).map_err(|error| failure(disk, &path, &error))?;
    let mut content = about(&path, size, &source);
    if page.end && page.text.is_empty() && given(&a.cursor).is_some() && source.is_plain() && size < offset {
        let message =
            format!("`{path}` is shorter now ({size} bytes) than where the page begins ({offset}): begin anew");
        return Err(Failure::new("changed", message).with("file_path", path.as_str()).with("size", size));
    }
    content.offset = Some(page.offset);
    content.bytes = page.next - page.offset;
    content.end = page.end;
    content.escaped = page.escaped;
    content.partial = page.partial;
    content.next_cursor = (!page.end).then(|| cursor::encode("cat", &(path.as_str(), page.next, !decompress)));
    // What is wrong further on is told with the page that comes there.
    let fault = source.faults().first().filter(|_| page.end);
    warn(&mut content, fault, page.failed);
    Ok(answer(content, page.text))
}

/// The first of some lines that there is room for, and their part of the answer.
fn beginning(content: &mut Content, part: &Part, room: Room) -> String {
    let shown = show(&part.bytes, room);
    content.truncated = part.truncated || shown.taken < part.bytes.len();
    content.escaped = shown.escaped;
    content.bytes = shown.taken as u64;
    content.lines = Some(shown.text.split_inclusive('\n').count() as u64);
    content.offset = part.offset;
    content.partial = part.partial;
    shown.text.into_owned()
}

/// The last of some lines that there is room for, and their part of the answer.
fn ending(content: &mut Content, part: &Part, room: Room) -> String {
    let (shown, length) = show_end(&part.bytes, room);
    content.truncated = part.truncated || length < part.bytes.len();
    content.escaped = shown.escaped;
    content.bytes = length as u64;
    content.lines = Some(shown.text.split_inclusive('\n').count() as u64);
    content.offset = part.offset.map(|_| part.next - length as u64);
    content.partial = part.partial;
    shown.text.into_owned()
}

/// `head_tool`.
pub fn head(disk: &Disk, a: &Head) -> Result<Answer<Content>, Failure> {
    let path = path(&a.file_path)?;
    let (lines, room) = (lines(a.lines)?, room(a.limit, &path)?);
    let (mut source, size) = open(disk, &path, a.decompress)?;
    let most = room.text.max(AT_LEAST);
    let mut first = files_logic::head(&mut source, lines, most).map_err(|error| failure(disk, &path, &error))?;
    let mut content = about(&path, size, &source);
    let text = beginning(&mut content, &first, room);
    content.end = !first.more && !content.truncated && !first.partial && first.failed.is_none();
    let next = first.offset.unwrap_or(0) + content.bytes;
    let raw = !a.decompress.unwrap_or(true);
    content.next_cursor = (!content.end).then(|| cursor::encode("cat", &(path.as_str(), next, raw)));
    let fault = source.faults().first().filter(|_| !first.more && !content.truncated);
    warn(&mut content, fault, first.failed.take());
    // That the file goes on after the lines that were asked for is no news in the text.
    if !content.truncated && !content.partial && content.warnings.is_empty() {
        content.content = Some(text.clone());
        return Ok(Answer::new(text, content));
    }
    Ok(answer(content, text))
}

/// `tail_tool`.
pub async fn tail(cx: Cx, disk: &Disk, a: &Tail) -> Result<Answer<Content>, Failure> {
    let path = path(&a.file_path)?;
    let (lines, room) = (lines(a.lines)?, room(a.limit, &path)?);
    let call = cofferdam_sdk::limits().call;
    let most = call.saturating_sub(crate::margin(call)).as_secs().max(1);
    let seconds = number("seconds", a.seconds, 4.min(most), 1, most)?;
    let time = if a.follow.unwrap_or(false) { Duration::from_secs(seconds) } else { Duration::ZERO };
    if let Some(cursor) = given(&a.cursor) {
        let mark = mark(&path, cursor)?;
        let mut content = Content { file_path: path.to_string(), encoding: "utf-8", ..Content::default() };
        match disk.stat(&path, true) {
            Ok(stat) => content.size = stat.size,
            // Whoever follows waits for the file.
            Err(error) if !time.is_zero() && disk::code(&error) == Some(ErrorCode::NoEntry) => {}
            Err(error) => return Err(failure(disk, &path, &error)),
        }
        let beginning = Beginning { follower: Follower::waiting(mark), text: String::new(), content };
        let (content, text) = follow(cx, disk, &path, beginning, room, time).await;
        return Ok(answer(content, text));
    }
    let (mut source, size) = open(disk, &path, a.decompress)?;
    let most = room.text.max(AT_LEAST);
    let mut last = files_logic::tail(&mut source, lines, most).map_err(|error| failure(disk, &path, &error))?;
    let mut content = about(&path, size, &source);
    content.end = !last.partial;
    warn(&mut content, source.faults().first(), last.failed.take());
    if time.is_zero() {
        let text = ending(&mut content, &last, room);
        return Ok(answer(content, text));
    }
    let what = if source.compressed { "a gzip file" } else { "a UTF-16 file" };
    let Some(file) = source.into_plain() else {
        return Err(Failure::argument("follow", format_args!("`{path}` is {what}, which is not followed")));
    };
    // Half of the room is for what comes.
    let text = ending(&mut content, &last, Room { text: room.text / 2, json: room.json / 2 });
    let refused = |error: io::Error| failure(disk, &path, &error);
    let mut file = file.uncached();
    let identity = file.identity().map_err(refused)?;
    let mark = Mark::at(&mut file, last.next).map_err(refused)?;
    let beginning = Beginning { follower: Follower::new(file, identity, mark), text, content };
    let (content, text) = follow(cx, disk, &path, beginning, room, time).await;
    Ok(answer(content, text))
}

/// Where a cursor of `tail_tool` leads on.
fn mark(path: &UserPath, text: &str) -> Result<Mark, Failure> {
    let (of, mark): (String, Mark) =
        cursor::decode("tail", text).map_err(|error| Failure::argument("cursor", error))?;
    if of != path.as_str() {
        let message = format!("belongs to another file (`{of}`); leave it out to begin anew");
        return Err(Failure::argument("cursor", message));
    }
    Ok(mark)
}
