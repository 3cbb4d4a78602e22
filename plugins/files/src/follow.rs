//! Following a file for some time: what comes is reported at once, and is one text at the end.

use std::time::Duration;

use cofferdam_sdk::Cx;
use files_logic::follow::{Follower, Mark};
use files_logic::{Room, Showing, UserPath};
use plugin_kit::cursor;

use crate::answers::{Content, Followed, Warning};
use crate::disk::{self, Disk, Reader};
use crate::refusals::reason;

/// How often a followed file is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The most bytes of one look.
const AT_ONCE: usize = 1 << 20;

/// The longest text of one progress report; the host cuts what is longer.
const REPORT: usize = 2048;

/// Where following begins.
pub struct Beginning {
    /// The file.
    pub follower: Follower<Reader>,
    /// What was read of it before.
    pub text: String,
    /// What is known of it.
    pub content: Content,
}

/// Follows a file for so long, or until there is no more room; with no time at
/// all, to its present end.
pub async fn follow(
    cx: Cx,
    disk: &Disk,
    path: &UserPath,
    beginning: Beginning,
    room: Room,
    time: Duration,
) -> (Content, String) {
    let Beginning { mut follower, text, mut content } = beginning;
    let begun = cofferdam_sdk::now();
    let mut reported = text.len();
    let mut showing = Showing::after(text, room);
    let mut named = disk::Followed { disk, path };
    let (mut followed, mut pending, mut found) = (Followed::default(), Vec::new(), follower.file().is_some());
    let from_the_file = found;
    loop {
        let Ok(news) = follower.look(&mut named, AT_ONCE) else {
            followed.cut_short = true;
            break;
        };
        followed.rotations += u64::from(news.rotated);
        // A cursor may be one of a text that is gone.
        followed.replaced |= news.truncated && !found;
        followed.truncations += u64::from(news.truncated && found);
        found |= !news.missing;
        followed.interruptions += u64::from(news.missing && !followed.missing);
        followed.missing = news.missing;
        if let Some(error) = &news.failed
            && content.warnings.is_empty()
        {
            let (code, message) = reason(error);
            content.warnings.push(Warning { file: None, code, message });
        }
        let (before, after) = news.bytes.split_at(news.begins.unwrap_or(0));
        if news.begins.is_some() {
            // The old text ends here, and so does its last line.
            pending.extend_from_slice(before);
            followed.new_bytes += showing.push(&pending, true) as u64;
            pending.clear();
            showing.end_line();
        }
        pending.extend_from_slice(after);
        let taken = showing.push(&pending, false);
        pending.drain(..taken);
        followed.new_bytes += taken as u64;
        report(cx, &showing, &mut reported, followed.new_bytes).await;
        if showing.is_full() {
            followed.full = true;
            break;
        }
        let now = cofferdam_sdk::now();
        let end = (begun + time).min(disk.until());
        let more = news.bytes.len() >= AT_ONCE;
        if now >= end && !(more && time.is_zero()) {
            followed.cut_short = now < begun + time;
            break;
        }
        if !more {
            cofferdam_sdk::sleep(LOOK.min(end - now)).await;
        }
    }
    let mark = behind(&mut follower, &pending);
    let (text, escaped) = showing.finish();
    followed.seconds = cofferdam_sdk::now().saturating_sub(begun).as_secs_f64();
    // The offsets of two texts do not belong together.
    let broken = followed.rotations > 0 || followed.truncations > 0 || followed.replaced;
    if from_the_file && broken {
        content.offset = None;
    } else if !from_the_file && !broken {
        content.offset = Some(mark.position.saturating_sub(followed.new_bytes));
    }
    content.bytes += followed.new_bytes;
    content.escaped += escaped;
    content.lines = Some(text.split_inclusive('\n').count() as u64);
    content.end = !followed.full;
    content.truncated |= followed.full;
    content.partial |= followed.cut_short;
    content.next_cursor = Some(cursor::encode("tail", &(path.as_str(), mark)));
    content.followed = Some(followed);
    (content, text)
}

/// Where the next answer goes on: behind what was shown, not behind what was read.
fn behind(follower: &mut Follower<Reader>, pending: &[u8]) -> Mark {
    let mark = follower.mark();
    let position = mark.position.saturating_sub(pending.len() as u64);
    match follower.file() {
        Some(file) if !pending.is_empty() => Mark::at(file, position).unwrap_or(mark),
        _ => mark,
    }
}

/// Tells the caller what has come.
async fn report(cx: Cx, showing: &Showing, reported: &mut usize, bytes: u64) {
    let mut rest = showing.text().get(*reported..).unwrap_or_default();
    *reported = showing.text().len();
    let (whole, mut reports) = (rest.len(), 0_u32);
    while !rest.is_empty() {
        // Whole lines, if they are short enough.
        let most = rest.floor_char_boundary(REPORT);
        let piece = match rest.len() > REPORT {
            false => rest.len(),
            true => rest[..most].rfind('\n').map_or(most, |at| at + 1),
        };
        #[expect(clippy::cast_precision_loss, reason = "a progress bar")]
        let told = bytes as f64 - (rest.len() - piece) as f64 / whole as f64;
        cx.progress(told, None, Some(&rest[..piece]));
        // Who takes the reports is to keep up with a burst of them.
        reports += 1;
        if reports % 8 == 0 {
            cofferdam_sdk::sleep(Duration::from_millis(2)).await;
        }
        rest = &rest[piece..];
    }
}
