//! Names as people write them, label by label: in any script, with escapes as in a master
//! file (RFC 1035, section 5.1), and the instances of services as they are called
//! (RFC 6763, section 4.1.1).

use hickory_proto::rr::Name;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::target_error::TargetError;

/// A label as it was written.
#[derive(Default)]
struct Label {
    text: Vec<u8>,
    /// The first character that no host has and that is not escaped.
    odd: Option<char>,
    /// Something of it is escaped: it is meant byte by byte.
    escaped: bool,
}

impl Label {
    fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word.as_bytes())
    }

    fn begins_with_underscore(&self) -> bool {
        self.text.first() == Some(&b'_')
    }
}

/// Reads a name that is asked about; it is absolute with or without its last
/// dot, and `.` is the root.
pub(crate) fn target(text: &str) -> Result<Name, TargetError> {
    if text == "." {
        return Ok(Name::root());
    }
    let mut labels = split(text, true)?;
    for index in 0..labels.len() {
        let rest = &labels[index + 1..];
        // An instance's name is free text, and it is UTF-8 in its packet, not an A-label.
        if let [service, protocol, ..] = rest
            && service.begins_with_underscore()
            && (protocol.is("_tcp") || protocol.is("_udp"))
            && !labels[index].begins_with_underscore()
            && !labels[index].odd.is_some_and(char::is_control)
        {
            let instance = &mut labels[index];
            (instance.odd, instance.escaped) = (None, true);
        }
    }
    name(&labels)
}

/// Reads the name of a host.
pub(crate) fn host(text: &str) -> Result<Name, TargetError> {
    if text == "." {
        return Ok(Name::root());
    }
    name(&split(text, false)?)
}

/// The labels between the dots, the last one's dot left away.
fn split(text: &str, escapes: bool) -> Result<Vec<Label>, TargetError> {
    if text.trim().is_empty() {
        return Err(TargetError::Empty);
    }
    if text.contains("//") {
        return Err(TargetError::Url);
    }
    let end = text.trim_end();
    // A blank at the end may be escaped.
    if text.trim_start() != text || (end != text && !(escapes && end.ends_with('\\'))) {
        return Err(TargetError::Blank);
    }
    let mut labels = vec![Label::default()];
    let mut characters = text.chars();
    let mut dots_at_the_end = false;
    while let Some(c) = characters.next() {
        dots_at_the_end = c == '.';
        if c == '.' {
            labels.push(Label::default());
            continue;
        }
        let Some(label) = labels.last_mut() else { continue };
        if c == '\\' && escapes {
            label.escaped = true;
            unescape(&mut characters, &mut label.text)?;
            continue;
        }
        let plain = !c.is_ascii() || c.is_ascii_alphanumeric() || "-_*/".contains(c);
        if !plain && label.odd.is_none() {
            label.odd = Some(c);
        }
        label.text.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    if dots_at_the_end && labels.len() > 1 {
        labels.pop();
    }
    Ok(labels)
}

/// Reads what follows a backslash: a byte as three decimal digits, or a
/// character that means itself.
fn unescape(characters: &mut std::str::Chars<'_>, into: &mut Vec<u8>) -> Result<(), TargetError> {
    let first = characters.next().ok_or(TargetError::Escape)?;
    let Some(first_digit) = first.to_digit(10) else {
        into.extend(first.encode_utf8(&mut [0; 4]).as_bytes());
        return Ok(());
    };
    let mut digit = || characters.next().and_then(|c| c.to_digit(10)).ok_or(TargetError::Escape);
    let value = first_digit * 100 + digit()? * 10 + digit()?;
    into.push(u8::try_from(value).map_err(|_| TargetError::Escape)?);
    Ok(())
}

fn name(labels: &[Label]) -> Result<Name, TargetError> {
    let mut own: Vec<Vec<u8>> = Vec::with_capacity(labels.len());
    for label in labels {
        if let Some(odd) = label.odd {
            return Err(TargetError::Character(odd));
        }
        if label.escaped || label.text.is_ascii() {
            own.push(label.text.to_ascii_lowercase());
            continue;
        }
        let ascii = Uts46::new()
            .to_ascii(&label.text, AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
            .map_err(|_| TargetError::Idna)?;
        if let Some(bad) = ascii.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_*./".contains(*c))) {
            return Err(TargetError::Character(bad));
        }
        // There are dots beyond ASCII as well.
        own.extend(ascii.split('.').map(|part| part.as_bytes().to_vec()));
    }
    // An ideographic dot at the end closes the last label too.
    if own.len() > 1 && own.last().is_some_and(Vec::is_empty) && labels.last().is_some_and(|last| !last.text.is_empty())
    {
        own.pop();
    }
    for label in &own {
        match label.len() {
            0 => return Err(TargetError::EmptyLabel),
            1..=63 => {}
            _ => return Err(TargetError::LongLabel),
        }
    }
    let numeric = own.last().is_some_and(|last| last.iter().all(u8::is_ascii_digit));
    if numeric && labels.last().is_some_and(|last| !last.escaped) {
        return Err(TargetError::Number);
    }
    let mut name = Name::from_labels(own.iter().map(Vec::as_slice)).map_err(|_| TargetError::Long)?;
    name.set_fqdn(true);
    Ok(name)
}
