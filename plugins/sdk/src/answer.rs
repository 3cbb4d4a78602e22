//! What a tool answers: its own type, blocks for people and models, or both.

use crate::bindings::cofferdam::host::content;

pub use crate::bindings::cofferdam::host::content::{Blob, Block, Body, Embedded, Link};

/// The structured part of an answer that has none: an [`Answer`] of blocks alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks;

/// A success with blocks for people and models: texts, images, sounds, links, whole resources.
/// `Answer<T>` has a structured part of type `T` beside them, `Answer` alone has none, and its tool
/// has no output schema.
///
/// A tool that answers with its own type alone is shown as that type's JSON.
///
/// ```
/// use cofferdam_sdk::{Answer, Block, Link};
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Size {
///     width: u32,
/// }
///
/// let picture: Answer = Answer::image("image/png", vec![0x89, b'P', b'N', b'G']);
/// let told: Answer<Size> = Answer::new("A square.", Size { width: 2 });
/// let several: Answer = Answer::text("Two of them.").and(Block::text("Here is more."));
/// let linked = Answer::link(Link::new("file:///x.png", "x.png").media_type("image/png"));
/// let both: Answer<Size> = picture.with(Size { width: 2 });
/// ```
#[derive(Clone, Debug)]
pub struct Answer<T = Blocks> {
    pub(crate) content: Vec<Block>,
    pub(crate) structured: T,
}

impl<T> Answer<T> {
    /// An answer with one block of text, and a structured part.
    pub fn new(text: impl Into<String>, structured: T) -> Self {
        Self { content: vec![Block::text(text)], structured }
    }

    /// Adds a block behind the others.
    #[must_use]
    pub fn and(mut self, block: impl Into<Block>) -> Self {
        self.content.push(block.into());
        self
    }
}

impl Answer {
    /// One text.
    pub fn text(text: impl Into<String>) -> Self {
        Block::text(text).into()
    }

    /// An image of this media type, such as `image/png`.
    pub fn image(media_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Block::image(media_type, bytes).into()
    }

    /// A sound of this media type, such as `audio/wav`.
    pub fn audio(media_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Block::audio(media_type, bytes).into()
    }

    /// Something that is elsewhere.
    pub fn link(link: Link) -> Self {
        Block::from(link).into()
    }

    /// Something that has a URI, with all of it.
    pub fn embedded(embedded: Embedded) -> Self {
        Block::from(embedded).into()
    }

    /// The same blocks beside a structured part.
    pub fn with<T>(self, structured: T) -> Answer<T> {
        Answer { content: self.content, structured }
    }
}

impl From<Block> for Answer {
    fn from(block: Block) -> Self {
        Self { content: vec![block], structured: Blocks }
    }
}

impl FromIterator<Block> for Answer {
    fn from_iter<I: IntoIterator<Item = Block>>(blocks: I) -> Self {
        Self { content: blocks.into_iter().collect(), structured: Blocks }
    }
}

impl Block {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An image of this media type.
    pub fn image(media_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Image(content::Blob { data: bytes.into(), media_type: media_type.into() })
    }

    /// A sound of this media type.
    pub fn audio(media_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Audio(content::Blob { data: bytes.into(), media_type: media_type.into() })
    }
}

impl From<&str> for Block {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Block {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Link> for Block {
    fn from(link: Link) -> Self {
        Self::Link(link)
    }
}

impl From<Embedded> for Block {
    fn from(embedded: Embedded) -> Self {
        Self::Embedded(embedded)
    }
}

impl Link {
    /// A link with a name for programs.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self { uri: uri.into(), name: name.into(), title: None, description: None, media_type: None, size: None }
    }

    /// A name for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What it is.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }
}

impl Embedded {
    /// A resource that is text.
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self { uri: uri.into(), media_type: None, body: Body::Text(text.into()) }
    }

    /// A resource that is bytes.
    pub fn bytes(uri: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { uri: uri.into(), media_type: None, body: Body::Bytes(bytes.into()) }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }
}
