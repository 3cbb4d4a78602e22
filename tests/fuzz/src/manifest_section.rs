//! The manifest that a component carries: what is put in is found at any depth, once; any other
//! bytes are read, or refused with a reason.

use crate::host::component::manifest_section;

/// The name of the section.
const NAME: &str = "cofferdam-manifest";

/// The beginning of a component, and of a core module.
pub(crate) const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// Any bytes: as a component, and as a manifest in one.
pub fn target(data: &[u8]) {
    match manifest_section(data) {
        Ok(found) => {
            assert!(data.starts_with(b"\0asm"), "only WebAssembly is read");
            let own = top_level(data);
            assert!(own.len() <= 1, "two are refused");
            if let Some(text) = own.first() {
                assert_eq!(found.as_deref().map(str::as_bytes), Some(*text));
            }
            if let Some(text) = found {
                assert!(data.windows(text.len().max(1)).any(|part| part == text.as_bytes()) || text.is_empty());
            }
        }
        Err(why) => is_reason(&why),
    }
    let section = custom(NAME, data);
    let whole = [COMPONENT, &section].concat();
    let expected = str::from_utf8(data).ok().map(str::to_owned);
    let nested = |id: u8, inside: &[u8]| [COMPONENT, &section_of(id, inside)].concat();
    let beside = [COMPONENT, &custom("producers", data), &section, &custom("name", b"")].concat();
    // A core module (1) or a component (4) inside, and a component inside that.
    for found in [
        manifest_section(&whole),
        manifest_section(&beside),
        manifest_section(&nested(1, &[MODULE, &section].concat())),
        manifest_section(&nested(4, &whole)),
        manifest_section(&nested(4, &nested(4, &whole))),
    ] {
        match &expected {
            Some(text) => assert_eq!(found.as_ref(), Ok(&Some(text.clone()))),
            None => is_reason(&found.expect_err("a manifest is text")),
        }
    }
    is_reason(&manifest_section(&[&whole[..], &section].concat()).expect_err("two are one too many"));
    let outer = [&nested(4, &whole)[..], &section].concat();
    is_reason(&manifest_section(&outer).expect_err("two are one too many, at any depth"));
    // Cut short it is refused, or ends before the section; never is a part of a text taken for it.
    let cut = data.first().map_or(0, |first| usize::from(*first) % whole.len());
    match manifest_section(&whole[..cut]) {
        Ok(found) => assert_eq!(found, None),
        Err(why) => is_reason(&why),
    }
}

/// The manifests among the outermost sections, by a plainer reading; none where it cannot go on.
fn top_level(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut rest) = (Vec::new(), bytes.get(8..).unwrap_or_default());
    while let Some((&id, after)) = rest.split_first() {
        let Some((length, after)) = number(after) else { break };
        let Some((section, after)) = after.split_at_checked(length) else { break };
        if id == 0
            && let Some((length, named)) = number(section)
            && let Some((name, text)) = named.split_at_checked(length)
            && name == NAME.as_bytes()
        {
            found.push(text);
        }
        rest = after;
    }
    found
}

/// An unsigned number as WebAssembly writes it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

/// The same, written.
pub(crate) fn length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while length >= 0x80 {
        bytes.push((length % 0x80) as u8 | 0x80);
        length /= 0x80;
    }
    bytes.push(length as u8);
    bytes
}

/// A section of this number.
pub(crate) fn section_of(id: u8, data: &[u8]) -> Vec<u8> {
    [&[id][..], &length(data.len()), data].concat()
}

fn custom(name: &str, data: &[u8]) -> Vec<u8> {
    section_of(0, &[&length(name.len())[..], name.as_bytes(), data].concat())
}

/// A reason: plain words, and not too many.
#[track_caller]
pub(crate) fn is_reason(why: &str) {
    assert!(!why.is_empty() && why.len() < 600 && !why.chars().any(char::is_control), "{why:?}");
}
