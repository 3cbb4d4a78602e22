//! `ls_tool` and `stat_tool`: what is known of files without reading them.

use std::time::{Duration, UNIX_EPOCH};

use cofferdam_sdk::{Answer, Failure};
use files_logic::{Direction, Listing, Rank, SortKey, Sorting, UserPath, is_stop, json_len};
use plugin_kit::cursor;
use wasip2::clocks::wall_clock::Datetime;
use wasip2::filesystem::types::{DescriptorStat, DescriptorType};

use crate::answers::{Entries, Entry};
use crate::arguments::{Ls, Stat, given};
use crate::disk::Disk;
use crate::refusals::{failure, kind, number, path, reason};

/// The most JSON of the entries of one page, if `limit` does not say how many these are.
const PAGE: usize = 30 << 10;

fn time(time: Option<Datetime>) -> Option<String> {
    let time = time?;
    let time = UNIX_EPOCH.checked_add(Duration::new(time.seconds, time.nanoseconds.min(999_999_999)))?;
    // Beyond the year 9999 there is no such spelling.
    (time.duration_since(UNIX_EPOCH).ok()?.as_secs() < 253_402_300_800)
        .then(|| humantime::format_rfc3339_seconds(time).to_string())
}

fn entry(disk: &Disk, path: &UserPath, name: String, stat: &DescriptorStat) -> Entry {
    Entry {
        name,
        kind: kind(stat.type_),
        size: Some(stat.size),
        modified: time(stat.data_modification_timestamp),
        accessed: time(stat.data_access_timestamp),
        changed: time(stat.status_change_timestamp),
        links: Some(stat.link_count),
        target: (stat.type_ == DescriptorType::SymbolicLink).then(|| disk.read_link(path).ok()).flatten(),
        unread: None,
    }
}

/// A line as `ls -l` would have it, of what is known here.
fn line(entry: &Entry) -> String {
    let letter = match entry.kind {
        "directory" => 'd',
        "symlink" => 'l',
        "fifo" => 'p',
        "socket" => 's',
        "block-device" => 'b',
        "character-device" => 'c',
        "file" => '-',
        _ => '?',
    };
    let size = entry.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
    let modified = entry.modified.as_deref().unwrap_or("-");
    let target = entry.target.as_ref().map_or_else(String::new, |target| format!(" -> {target}"));
    // A name may hold a line break; the list may not be forged by it.
    let name = entry.name.replace('\n', "\\n");
    format!("{letter} {size:>12}  {modified:20}  {name}{target}\n")
}

/// `ls_tool`.
pub fn ls(disk: &Disk, a: &Ls) -> Result<Answer<Entries>, Failure> {
    let limit = number("limit", a.limit, 200, 1, 2000)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let key = match given(&a.sort).map(str::to_ascii_lowercase).as_deref() {
        None | Some("name") => SortKey::Name,
        Some("size") => SortKey::Size,
        Some("time") => SortKey::Time,
        Some(other) => {
            return Err(Failure::argument("sort", format_args!("has to be name, size or time, not `{other}`")));
        }
    };
    // The greatest and the newest come first, as with `ls`.
    let direction = match (key == SortKey::Name) == a.reverse.unwrap_or(false) {
        true => Direction::Down,
        false => Direction::Up,
    };
    let sorting = Sorting { key, direction };
    let Some(file_path) = given(&a.file_path) else { return Ok(roots(disk)) };
    let path = path(file_path)?;
    let after = match given(&a.cursor) {
        None => None,
        Some(text) => {
            let (of, by, after): (String, Sorting, Rank) =
                cursor::decode("ls", text).map_err(|error| Failure::argument("cursor", error))?;
            if of != path.as_str() || by != sorting {
                let message = "belongs to another list (directory, sort or reverse differ); leave it out to begin anew";
                return Err(Failure::argument("cursor", message));
            }
            Some(after)
        }
    };
    let refused = |error: std::io::Error| failure(disk, &path, &error);
    let stat = disk.stat(&path, true).map_err(refused)?;
    if stat.type_ != DescriptorType::Directory {
        let entry = entry(disk, &path, path.name().to_owned(), &stat);
        let text = line(&entry);
        let entries = Entries { file_path: path.to_string(), next_cursor: None, total: 1, entries: vec![entry] };
        return Ok(Answer::new(text, entries));
    }
    let mut listing = Listing::new(sorting, after, limit);
    let mut stopped = None;
    disk.list(&path, &mut |name, kind| {
        let value = match key {
            SortKey::Name => Ok(0),
            SortKey::Size => disk.stat(&path.join(&name), false).map(|stat| stat.size),
            SortKey::Time => disk.stat(&path.join(&name), false).map(|stat| {
                let time = stat.data_modification_timestamp;
                time.map_or(0, |time| time.seconds.saturating_mul(1_000_000_000) + u64::from(time.nanoseconds))
            }),
        };
        match value {
            Err(error) if is_stop(&error) => stopped = Some(error),
            // What cannot be looked at comes last or first, with a note.
            value => listing.add(Rank { value: value.unwrap_or(0), name }, kind),
        }
    })
    .map_err(refused)?;
    if let Some(error) = stopped {
        return Err(refused(error));
    }
    let total = listing.seen();
    let (page, mut next) = listing.finish();
    let (mut entries, mut last, mut room) = (Vec::new(), None, PAGE);
    for (rank, kind) in page {
        let entry = look(disk, &path, rank.name.clone(), kind);
        // The line of the text, or the entry's members.
        let length = json_len(&entry.name) + entry.target.as_deref().map_or(0, json_len) + 120;
        room = match room.checked_sub(length) {
            Some(left) => left,
            // Not so many were asked for by number.
            None if a.limit.is_none() && last.is_some() => {
                next = last;
                break;
            }
            None => 0,
        };
        entries.push(entry);
        last = Some(rank);
    }
    let next_cursor = next.map(|next| cursor::encode("ls", &(path.as_str(), sorting, next)));
    let mut text: String = entries.iter().map(line).collect();
    if entries.is_empty() {
        text += "(no entries)\n";
    }
    if let Some(cursor) = &next_cursor {
        text += &format!("[{} of {total} entries; go on with cursor {cursor}]\n", entries.len());
    }
    Ok(Answer::new(text, Entries { file_path: path.to_string(), next_cursor, total, entries }))
}

/// One entry of a list, or why nothing is known of it.
fn look(disk: &Disk, directory: &UserPath, name: String, type_: DescriptorType) -> Entry {
    let path = directory.join(&name);
    match disk.stat(&path, false) {
        Ok(stat) => Entry { accessed: None, changed: None, links: None, ..entry(disk, &path, name, &stat) },
        Err(error) => Entry { name, kind: kind(type_), unread: Some(reason(&error).0), ..Entry::default() },
    }
}

/// What may be read at all.
fn roots(disk: &Disk) -> Answer<Entries> {
    let entry = |root: &str| match UserPath::parse(root).map(|path| disk.stat(&path, true)) {
        Ok(Ok(stat)) => Entry {
            name: root.to_owned(),
            kind: kind(stat.type_),
            size: Some(stat.size),
            modified: time(stat.data_modification_timestamp),
            ..Entry::default()
        },
        Ok(Err(error)) => {
            Entry { name: root.to_owned(), kind: "unknown", unread: Some(reason(&error).0), ..Entry::default() }
        }
        Err(_) => Entry { name: root.to_owned(), kind: "unknown", ..Entry::default() },
    };
    let mut entries: Vec<Entry> = disk.roots().map(entry).collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let text = entries.iter().map(line).collect::<String>();
    let total = entries.len() as u64;
    Answer::new(text, Entries { file_path: "/".to_owned(), next_cursor: None, total, entries })
}

/// `stat_tool`.
pub fn stat(disk: &Disk, a: &Stat) -> Result<Answer<Entry>, Failure> {
    let path = path(&a.file_path)?;
    let stat = disk.stat(&path, a.follow.unwrap_or(false)).map_err(|error| failure(disk, &path, &error))?;
    let entry = entry(disk, &path, path.to_string(), &stat);
    let mut text = String::new();
    let mut row = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            text += &format!("{name:>9}: {}\n", value.replace('\n', "\\n"));
        }
    };
    row("path", Some(path.as_str()));
    row("type", Some(entry.kind));
    row("size", entry.size.map(|size| size.to_string()).as_deref());
    row("target", entry.target.as_deref());
    row("links", entry.links.map(|links| links.to_string()).as_deref());
    row("modified", entry.modified.as_deref());
    row("accessed", entry.accessed.as_deref());
    row("changed", entry.changed.as_deref());
    Ok(Answer::new(text, entry))
}
