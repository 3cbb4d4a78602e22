//! What the tools take. Names and defaults are TcpSocketMCP's; what it does not have is optional. Ranges and encodings are
//! checked where they are used, so that the message can say what is meant.

use cofferdam_sdk::Integer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How data is written in an argument or an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Encoding {
    /// Text.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// RFC 4648, with padding.
    #[serde(rename = "base64")]
    Base64,
    /// Pairs of hexadecimal digits.
    #[serde(rename = "hex")]
    Hex,
}

impl From<Encoding> for tcp_logic::Encoding {
    fn from(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Utf8 => Self::Utf8,
            Encoding::Base64 => Self::Base64,
            Encoding::Hex => Self::Hex,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Connect {
    /// Host name, IPv4 or IPv6 address
    pub host: String,
    /// Port, 1 to 65535
    pub port: Integer,
    /// Name for the connection; made up if absent
    pub connection_id: Option<String>,
    /// How long to try, in milliseconds (default 4000)
    pub connect_timeout_ms: Option<Integer>,
    /// How many received bytes to hold before reading pauses (default and most 67108864)
    pub buffer_limit: Option<Integer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct OfConnection {
    /// The connection
    pub connection_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Send {
    /// The connection
    pub connection_id: String,
    /// What to send, written in `encoding`
    pub data: String,
    /// How `data` is written. hex takes spaces, line breaks, 0x, and \xNN escapes mixed with text
    #[serde(default)]
    pub encoding: Encoding,
    /// Bytes to append, in hex: 0d0a for CRLF, 0a for LF
    pub terminator: Option<String>,
    /// How long the peer may take to accept the data, in milliseconds (default 4000)
    pub timeout_ms: Option<Integer>,
    /// Close our half of the connection afterwards; receiving goes on (default false)
    pub end: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Read {
    /// The connection
    pub connection_id: String,
    /// First chunk to return; negative counts from the end
    pub index: Option<Integer>,
    /// How many chunks to return
    pub count: Option<Integer>,
    /// How to write the data
    #[serde(default)]
    pub format: Encoding,
    /// Instead of chunks: first byte to return, counted from the beginning of the connection
    pub offset: Option<Integer>,
    /// With `offset`: how many bytes to return (at most 1048576)
    pub limit: Option<Integer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetTrigger {
    /// The connection, which need not exist yet
    pub connection_id: String,
    /// Name for the trigger; setting it again replaces it
    pub trigger_id: String,
    /// Regular expression over the received bytes: multi-line, CRLF-aware, no look-around
    pub pattern: String,
    /// What to send on a match. In utf-8, $1, $name and $$ are expanded
    pub response: String,
    /// How `response` is written
    #[serde(default)]
    pub response_encoding: Encoding,
    /// Bytes to append to the response, in hex: 0d0a for CRLF
    pub response_terminator: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct RemoveTrigger {
    /// The connection
    pub connection_id: String,
    /// The trigger
    pub trigger_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ConnectAndSend {
    /// Host name, IPv4 or IPv6 address
    pub host: String,
    /// Port, 1 to 65535
    pub port: Integer,
    /// What to send, written in `encoding`
    pub data: String,
    /// Name for the connection; made up if absent
    pub connection_id: Option<String>,
    /// How `data` is written
    #[serde(default)]
    pub encoding: Encoding,
    /// Bytes to append, in hex: 0d0a for CRLF, 0a for LF
    pub terminator: Option<String>,
    /// How long to try to connect, in milliseconds (default 4000)
    pub connect_timeout_ms: Option<Integer>,
    /// How long the peer may take to accept the data, in milliseconds (default 4000)
    pub timeout_ms: Option<Integer>,
}

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Until {
    /// A match of `pattern`
    Pattern,
    /// `bytes` bytes
    Bytes,
    /// Nothing arriving for `silence_ms`
    Silence,
    /// The peer's end of stream
    Close,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Wait {
    /// The connection
    pub connection_id: String,
    /// What to wait for: a match of `pattern`, so many `bytes`, nothing arriving for `silence_ms`, or the peer's close
    pub until: Until,
    /// With until=pattern: regular expression over the received bytes: multi-line, CRLF-aware, no look-around
    pub pattern: Option<String>,
    /// With until=bytes: how many bytes to wait for
    pub bytes: Option<Integer>,
    /// With until=silence: how long nothing has to arrive, in milliseconds (default 500)
    pub silence_ms: Option<Integer>,
    /// How long to wait at most, in milliseconds (default 4000); then what came is returned with ended=timeout
    pub timeout_ms: Option<Integer>,
    /// First byte to look at, counted from the beginning of the connection; where the last tcp_wait ended if absent
    pub from: Option<Integer>,
    /// How to write the data
    #[serde(default)]
    pub format: Encoding,
}
