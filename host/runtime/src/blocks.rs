//! What a guest shows, on its way in: made safe to pass on, or refused.

use cofferdam_grants::{is_harmful, printable, printable_text};

use crate::abi::plugin_0_1_0::content as abi;
use crate::content::{Block, Body, Embedded, Link, PER_BLOCK, encoded};

/// The longest URI, in bytes.
const URI: usize = 2048;
/// The longest media type, in bytes: a type and a subtype of 127 characters (RFC 6838).
const MEDIA_TYPE: usize = 255;
/// The longest name, title or description of a link, in bytes.
const WORDS: usize = 4096;

/// The bytes that a guest's block counts for, as [`Block::size`] has them.
pub fn size(block: &abi::Block) -> usize {
    let words = |words: &[&Option<String>]| words.iter().copied().flatten().map(String::len).sum::<usize>();
    PER_BLOCK
        + match block {
            abi::Block::Text(text) => return text.len(),
            abi::Block::Image(blob) | abi::Block::Audio(blob) => encoded(blob.data.len()) + blob.media_type.len(),
            abi::Block::Link(link) => {
                link.uri.len() + link.name.len() + words(&[&link.title, &link.description, &link.media_type])
            }
            abi::Block::Embedded(embedded) => {
                let body = match &embedded.body {
                    abi::Body::Text(text) => text.len(),
                    abi::Body::Bytes(bytes) => encoded(bytes.len()),
                };
                embedded.uri.len() + words(&[&embedded.media_type]) + body
            }
        }
}

/// Takes a guest's block over.
///
/// # Errors
/// What the contract asks for there.
pub fn block(block: abi::Block) -> Result<Block, &'static str> {
    Ok(match block {
        abi::Block::Text(text) => Block::Text(printable_text(text)),
        abi::Block::Image(blob) => Block::Image(blob.data, media_type(blob.media_type)?),
        abi::Block::Audio(blob) => Block::Audio(blob.data, media_type(blob.media_type)?),
        abi::Block::Link(link) => Block::Link(Link {
            uri: uri(link.uri)?,
            name: words(&link.name),
            title: link.title.as_deref().map(words),
            description: link.description.as_deref().map(words),
            media_type: link.media_type.map(media_type).transpose()?,
            size: link.size,
        }),
        abi::Block::Embedded(embedded) => Block::Embedded(Embedded {
            uri: uri(embedded.uri)?,
            media_type: embedded.media_type.map(media_type).transpose()?,
            body: match embedded.body {
                abi::Body::Text(text) => Body::Text(printable_text(text)),
                abi::Body::Bytes(bytes) => Body::Bytes(bytes),
            },
        }),
    })
}

fn words(text: &str) -> String {
    printable(text, WORDS).into_owned()
}

/// A media type's essence with its parameters, if it has any.
fn media_type(text: String) -> Result<String, &'static str> {
    let (essence, _) = text.split_once(';').unwrap_or((&text, ""));
    let is_name = |name: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()) && name.bytes().all(allowed)
    };
    let is_one = essence.trim_end().split_once('/').is_some_and(|(kind, sub)| is_name(kind) && is_name(sub));
    let is_plain = text.len() <= MEDIA_TYPE && text.is_ascii() && !text.contains(is_harmful);
    if is_one && is_plain { Ok(text) } else { Err("a media type (`image/png`)") }
}

/// A URI: a scheme, and something behind it without a blank.
fn uri(text: String) -> Result<String, &'static str> {
    let is_scheme = |scheme: &str| {
        scheme.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let is_one = text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty());
    let is_plain = text.len() <= URI && !text.contains(|c: char| c.is_whitespace() || is_harmful(c));
    if is_one && is_plain { Ok(text) } else { Err("a URI (`scheme:…`) of at most 2,048 bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(kind: &str) -> Result<Block, &'static str> {
        block(abi::Block::Image(abi::Blob { data: vec![0; 4], media_type: kind.to_owned() }))
    }

    fn link(uri: &str) -> Result<Block, &'static str> {
        block(given_link(uri))
    }

    fn given_link(uri: &str) -> abi::Block {
        abi::Block::Link(abi::Link {
            uri: uri.to_owned(),
            name: "a\u{1b}[2J".to_owned(),
            title: None,
            description: Some("d".to_owned()),
            media_type: Some("text/plain; charset=utf-8".to_owned()),
            size: Some(7),
        })
    }

    #[test]
    fn a_block_keeps_what_it_says_and_counts_as_clients_get_it() {
        let png = image("image/png").unwrap();
        assert_eq!(png, Block::Image(vec![0; 4], "image/png".to_owned()));
        assert_eq!(png.size(), 64 + 8 + 9, "four bytes are eight of Base64");
        let given = abi::Block::Image(abi::Blob { data: vec![0; 4], media_type: "image/png".to_owned() });
        assert_eq!(size(&given), png.size());
        assert_eq!(Block::Text("abc".to_owned()).size(), 3);
        assert_eq!(size(&given_link("file:///x")), 64 + 9 + "a\u{1b}[2J".len() + 1 + 25, "all of its words count");
        let Block::Link(link) = link("file:///x").unwrap() else { panic!("a link") };
        assert_eq!((link.name.as_str(), link.size), ("a\\u{1b}[2J", Some(7)));
    }

    #[test]
    fn i12_what_is_no_media_type_or_uri_is_refused() {
        for kind in ["", "png", "image/", "/png", "image/p ng", "image/png\n", "image/pñg", "-a/b"] {
            assert!(image(kind).is_err(), "{kind:?}");
        }
        for uri in ["", "x", ":x", "file:", "1a:x", "a:b c", "a:\u{202e}x", "a:\n", &format!("a:{}", "x".repeat(2048))]
        {
            assert!(link(uri).is_err(), "{uri:?}");
        }
    }
}
