//! `cat_tool`, `head_tool`, `tail_tool`: pieces of one file, and how they are answered.

use std::time::Duration;

use cofferdam_sdk::{Answer, Cx, Failure, Integer};
use files_logic::follow::Follower;
use files_logic::{Part, Source, UserPath, complete, fitting, shown};
use plugin_kit::cursor;

use crate::answers::{self, Content, Followed};
use crate::arguments::{Cat, Head, Tail};
use crate::disk::{self, Disk, Reader};
use crate::refusals::{failure, number, path};

/// The most bytes of a page; the policy's limit of an answer may be less.
const MOST: u64 = 1 << 20;

/// Without `limit`: what every client passes on to its model as it is.
const DEFAULT: u64 = 64 << 10;

/// Beyond this the content stands in the text block only: twice as much would be passed on, and nobody reads it there.
const TWICE: usize = 256 << 10;

/// How often a followed file is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The longest text of one progress report; the host cuts what is longer.
const REPORT: usize = 2048;

/// A position in a file: which file, and how far.
type Position = (String, u64, bool);

fn limit(limit: Option<Integer>) -> Result<usize, Failure> {
    // An answer has its frame, and is written in JSON.
    let most = MOST.min(cofferdam_sdk::limits().output * 3 / 4);
    number("limit", limit, DEFAULT, 16, most).map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
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

/// Puts the content into both halves of the answer, and says in the text what only the other half says.
fn answer(mut content: Content, text: String) -> Answer<Content> {
    let room = usize::try_from(cofferdam_sdk::limits().output / 8).unwrap_or(usize::MAX);
    let mut note = String::new();
    if !content.end || content.truncated || content.partial {
        if content.truncated {
            note += "; cut, there was no room for more";
        }
        if content.partial {
            note += "; time was up before all was read";
        }
        if let Some(cursor) = &content.next_cursor {
            note += &format!("; the file goes on: cat_tool with cursor {cursor}");
        }
    }
    let mut block = text;
    if block.len() <= TWICE.min(room) {
        content.content = Some(block.clone());
    }
    if let Some(note) = note.strip_prefix("; ") {
        let line = if block.is_empty() || block.ends_with('\n') { "" } else { "\n" };
        block += &format!("{line}[{note}]\n");
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
    let limit = limit(a.limit)?;
    let decompress = a.decompress.unwrap_or(true);
    let offset = match (&a.cursor, a.offset) {
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
    let page = files_logic::page(&mut source, offset, limit).map_err(|error| failure(disk, &path, &error))?;
    let mut content = about(&path, size, &source);
    if page.end && page.text.is_empty() && a.cursor.is_some() && source.is_plain() && size < offset {
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
    Ok(answer(content, page.text))
}

/// The text of some lines, cut so that what is shown stays within the limit, and their part of the answer.
fn part(content: &mut Content, part: &Part, limit: usize, keep_end: bool) -> String {
    let mut bytes = &part.bytes[..];
    let mut shows = shown(bytes);
    content.truncated = part.truncated;
    if shows.text.len() > limit {
        content.truncated = true;
        // Bytes shown as numbers take more room than they are: the end that was asked for is kept.
        while shows.text.len() > limit {
            let over = (shows.text.len() - limit).div_ceil(4).max(1).min(bytes.len());
            bytes = if keep_end { &bytes[over..] } else { &bytes[..fitting(bytes, limit)] };
            shows = shown(bytes);
        }
    }
    content.escaped = shows.escaped;
    content.bytes = bytes.len() as u64;
    content.lines = Some(part.lines);
    content.offset = part.offset.map(|offset| if keep_end { part.next - bytes.len() as u64 } else { offset });
    content.partial = part.partial;
    shows.text.into_owned()
}

/// `head_tool`.
pub fn head(disk: &Disk, a: &Head) -> Result<Answer<Content>, Failure> {
    let path = path(&a.file_path)?;
    let (lines, limit) = (lines(a.lines)?, limit(a.limit)?);
    let (mut source, size) = open(disk, &path, a.decompress)?;
    let mut first = files_logic::head(&mut source, lines, limit).map_err(|error| failure(disk, &path, &error))?;
    if first.truncated {
        let whole = complete(&first.bytes);
        first.bytes.truncate(whole);
    }
    let mut content = about(&path, size, &source);
    let text = part(&mut content, &first, limit, false);
    content.end = !first.more && !content.truncated && !first.partial;
    let next = first.offset.unwrap_or(0) + content.bytes;
    let raw = !a.decompress.unwrap_or(true);
    content.next_cursor = (!content.end).then(|| cursor::encode("cat", &(path.as_str(), next, raw)));
    // That the file goes on after the lines that were asked for is no news in the text.
    let quiet = !content.truncated && !content.partial;
    if quiet {
        let room = text.len() <= TWICE;
        content.content = room.then(|| text.clone());
        return Ok(Answer::new(text, content));
    }
    Ok(answer(content, text))
}

/// `tail_tool`.
pub async fn tail(cx: Cx, disk: &Disk, a: &Tail) -> Result<Answer<Content>, Failure> {
    let path = path(&a.file_path)?;
    let (lines, limit) = (lines(a.lines)?, limit(a.limit)?);
    let call = cofferdam_sdk::limits().call;
    let most = call.saturating_sub(crate::margin(call)).as_secs().max(1);
    let seconds = number("seconds", a.seconds, 10.min(most), 1, most)?;
    let (mut source, size) = open(disk, &path, a.decompress)?;
    let last = files_logic::tail(&mut source, lines, limit).map_err(|error| failure(disk, &path, &error))?;
    let mut content = about(&path, size, &source);
    if !a.follow.unwrap_or(false) {
        let text = part(&mut content, &last, limit, true);
        content.end = !last.partial;
        return Ok(answer(content, text));
    }
    if !source.is_plain() {
        let what = if source.compressed { "a gzip file" } else { "a UTF-16 file" };
        return Err(Failure::argument("follow", format_args!("`{path}` is {what}, which is not followed")));
    }
    let mut last = last;
    let followed = follow(cx, disk, &path, &mut last, limit, Duration::from_secs(seconds)).await?;
    let text = part(&mut content, &last, limit, true);
    content.lines = Some(memchr_lines(&last.bytes));
    // The offsets of two files do not belong together.
    if followed.rotations > 0 || followed.truncations > 0 {
        content.offset = None;
    }
    content.end = !followed.full;
    content.truncated |= followed.full;
    content.partial |= followed.cut_short;
    content.followed = Some(followed);
    Ok(answer(content, text))
}

fn memchr_lines(bytes: &[u8]) -> u64 {
    bytes.split_inclusive(|byte| *byte == b'\n').count() as u64
}

/// Follows the file for so long, or until there is no more room; what comes is added to `last`.
async fn follow(
    cx: Cx,
    disk: &Disk,
    path: &UserPath,
    last: &mut Part,
    limit: usize,
    time: Duration,
) -> Result<Followed, Failure> {
    let refused = |error: std::io::Error| failure(disk, path, &error);
    let file = disk.open_file(path).map_err(refused)?.uncached();
    let identity = file.identity().map_err(refused)?;
    let begun = cofferdam_sdk::now();
    let mut follower = Follower::new(file, identity, last.next);
    let mut named = disk::Followed { disk, path };
    let mut followed = Followed::default();
    let room = limit.saturating_sub(last.bytes.len()).max(limit / 2);
    let mut left = room;
    loop {
        // What was read is kept; a file that can no longer be read has come to its end.
        let Ok(news) = follower.look(&mut named, left) else { break };
        followed.rotations += u64::from(news.rotated);
        followed.truncations += u64::from(news.truncated);
        followed.missing = news.missing;
        followed.new_bytes += news.bytes.len() as u64;
        left -= news.bytes.len();
        report(cx, &news.bytes, &followed).await;
        last.next += news.bytes.len() as u64;
        last.bytes.extend_from_slice(&news.bytes);
        if left == 0 {
            followed.full = true;
            break;
        }
        let now = cofferdam_sdk::now();
        let end = (begun + time).min(disk.until());
        if now >= end {
            followed.cut_short = now < begun + time;
            break;
        }
        cofferdam_sdk::sleep(LOOK.min(end - now)).await;
    }
    followed.seconds = cofferdam_sdk::now().saturating_sub(begun).as_secs_f64();
    Ok(followed)
}

/// Tells the caller what has come.
async fn report(cx: Cx, bytes: &[u8], followed: &Followed) {
    let mut told = followed.new_bytes - bytes.len() as u64;
    let mut rest = bytes;
    let mut reports = 0_u32;
    while !rest.is_empty() {
        // Whole lines, if they are short enough.
        let piece = match rest.len() > REPORT {
            false => rest.len(),
            true => rest[..REPORT].iter().rposition(|byte| *byte == b'\n').map_or(REPORT, |at| at + 1),
        };
        told += piece as u64;
        #[expect(clippy::cast_precision_loss, reason = "a progress bar")]
        cx.progress(told as f64, None, Some(&shown(&rest[..piece]).text));
        // Who takes the reports is to keep up with a burst of them.
        reports += 1;
        if reports % 8 == 0 {
            cofferdam_sdk::sleep(Duration::from_millis(2)).await;
        }
        rest = &rest[piece..];
    }
}
