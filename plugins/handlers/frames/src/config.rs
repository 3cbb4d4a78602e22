//! How frames are configured.

use handler_kit::{Failure, bytes_of, json};

/// How a frame is told from the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Its length stands before it.
    #[default]
    Length,
    /// Bytes stand behind it.
    Delimiter,
    /// SLIP (RFC 1055).
    Slip,
    /// Consistent overhead byte stuffing, with a zero behind each frame.
    Cobs,
}

/// The order of a number's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The highest byte first, as networks have it.
    #[default]
    Big,
    /// The lowest byte first.
    Little,
}

/// How the bytes of a frame are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// Text where they are UTF-8, else base64.
    #[default]
    Auto,
    /// Hexadecimal digits.
    Hex,
    /// Base64.
    Base64,
}

/// Bytes of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Bytes {
    /// Characters.
    Text {
        /// The characters.
        text: String,
    },
    /// Any bytes.
    Hex {
        /// Pairs of hexadecimal digits.
        hex: String,
    },
}

impl Bytes {
    /// The bytes.
    pub(crate) fn bytes(&self, member: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Text { text } => Ok(text.clone().into_bytes()),
            Self::Hex { hex } => bytes_of(&json!({ "hex": hex }), member),
        }
    }
}

/// How frames are configured.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `length`, `delimiter`, `slip` or `cobs`.
    pub kind: Kind,
    /// `length`: how many bytes the length has: 1, 2, 4 or 8.
    pub length_bytes: u8,
    /// `length`: the order of these bytes, `big` or `little`.
    pub byte_order: Order,
    /// `length`: whether the length counts the whole frame, with itself and what is before it. Else
    /// it counts what is behind it.
    pub inclusive: bool,
    /// `length`: how many bytes of the frame stand before the length (a type, a mark): 0 to 64. A
    /// message shows them as `header`.
    pub offset: u8,
    /// `length`: so much is added to the length that was received, for protocols that count
    /// something else: -65536 to 65536.
    pub adjust: i32,
    /// `length`: what stands before the length in frames to the peer that do not say it themselves,
    /// `offset` bytes: `{"hex": "0102"}`.
    pub send_header: Option<Bytes>,
    /// `delimiter`: what stands behind each frame, 1 to 32 bytes: `{"hex": "00"}` or `{"text":
    /// ";"}`.
    pub delimiter: Option<Bytes>,
    /// The most bytes of a frame's payload: 1 to 1048576.
    pub longest_frame: usize,
    /// How a message shows its bytes: `auto`, `hex` or `base64`.
    pub show: Show,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kind: Kind::default(),
            length_bytes: 4,
            byte_order: Order::default(),
            inclusive: false,
            offset: 0,
            adjust: 0,
            send_header: None,
            delimiter: None,
            longest_frame: 1 << 20,
            show: Show::default(),
        }
    }
}

impl Config {
    /// Whether the members are in their bounds and go together.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if !matches!(self.length_bytes, 1 | 2 | 4 | 8) {
            return Err(Failure::of("length_bytes", "it is 1, 2, 4 or 8"));
        }
        if self.offset > 64 {
            return Err(Failure::of("offset", "it is 0 to 64"));
        }
        if !(-65_536..=65_536).contains(&self.adjust) {
            return Err(Failure::of("adjust", "it is -65536 to 65536"));
        }
        if !(1..=1 << 20).contains(&self.longest_frame) {
            return Err(Failure::of("longest_frame", "it is 1 to 1048576 bytes"));
        }
        if (self.kind == Kind::Delimiter) != self.delimiter.is_some() {
            return Err(Failure::of("delimiter", "the kind `delimiter` needs it, and no other kind takes it"));
        }
        if self.kind != Kind::Length && (self.offset > 0 || self.adjust != 0 || self.inclusive) {
            return Err(Failure::of("kind", "`offset`, `adjust` and `inclusive` go with the kind `length`"));
        }
        Ok(())
    }
}
