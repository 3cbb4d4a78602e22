//! What a guest shows: blocks of text, images, sounds, links and resources, safe to pass on.

/// What a block counts for besides what it holds.
pub const PER_BLOCK: usize = 64;

/// One block of an answer, safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// For people and models.
    Text(String),
    /// An image, and its media type.
    Image(Vec<u8>, String),
    /// A sound, and its media type.
    Audio(Vec<u8>, String),
    /// Something that is elsewhere.
    Link(Link),
    /// A resource with all of it.
    Embedded(Embedded),
}

/// Something that is elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Its URI.
    pub uri: String,
    /// A name for programs.
    pub name: String,
    /// A name for people.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// In bytes.
    pub size: Option<u64>,
}

/// A resource with all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// Its URI.
    pub uri: String,
    /// Its media type.
    pub media_type: Option<String>,
    /// What it holds.
    pub body: Body,
}

/// What an embedded resource holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Text.
    Text(String),
    /// Anything.
    Bytes(Vec<u8>),
}

impl Block {
    /// The bytes that it counts for, in an answer as clients get it: bytes are written in Base64.
    pub fn size(&self) -> usize {
        PER_BLOCK
            + match self {
                Self::Text(text) => return text.len(),
                Self::Image(data, kind) | Self::Audio(data, kind) => encoded(data.len()) + kind.len(),
                Self::Link(link) => {
                    let words = [&link.title, &link.description, &link.media_type];
                    let words: usize = words.into_iter().flatten().map(String::len).sum();
                    link.uri.len() + link.name.len() + words
                }
                Self::Embedded(Embedded { uri, media_type, body }) => {
                    let body = match body {
                        Body::Text(text) => text.len(),
                        Body::Bytes(bytes) => encoded(bytes.len()),
                    };
                    uri.len() + media_type.as_ref().map_or(0, String::len) + body
                }
            }
    }

    /// Its text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The length in Base64 (RFC 4648).
pub fn encoded(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}
