//! What the tools take. Names and defaults are TcpSocketMCP's; what it does not have is optional.
//! Ranges and encodings are checked where they are used, so that the message can say what is meant.

use cofferdam_sdk::Integer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::Object;

// How data is written in an argument or an answer.
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

// How the response of a trigger is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ResponseEncoding {
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
    /// JSON of a message.
    #[serde(rename = "message")]
    Message,
}

impl From<ResponseEncoding> for tcp_logic::Written {
    fn from(encoding: ResponseEncoding) -> Self {
        match encoding {
            ResponseEncoding::Utf8 => Self::As(tcp_logic::Encoding::Utf8),
            ResponseEncoding::Base64 => Self::As(tcp_logic::Encoding::Base64),
            ResponseEncoding::Hex => Self::As(tcp_logic::Encoding::Hex),
            ResponseEncoding::Message => Self::Message,
        }
    }
}

// What a trigger looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// What is received.
    #[default]
    Bytes,
    /// What a handler makes of it.
    Message,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Connect {
    /// Name or IP address
    pub host: String,
    pub port: Integer,
    /// A name for it; made up if absent
    pub connection_id: Option<String>,
    /// Default 4000
    pub connect_timeout_ms: Option<Integer>,
    /// Received bytes to hold before reading pauses (default and most 67108864)
    pub buffer_limit: Option<Integer>,
    // One text and not a list: clients are known to fail on a choice of types, and a list alone is
    // one more thing to get wrong where one handler is meant.
    /// Protocol for tcp_messages, by handlers_list; several from the lowest up: frames+json
    pub handler: Option<String>,
    /// Its configuration; of several, one each by name: {"json": {…}}
    pub handler_config: Option<Object>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct OfConnection {
    pub connection_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Send {
    pub connection_id: String,
    /// Written in `encoding`
    pub data: String,
    /// hex takes blanks, 0x, and \xNN escapes mixed with text
    #[serde(default)]
    pub encoding: Encoding,
    /// Bytes to append, in hex: 0d0a is CRLF, 0a LF
    pub terminator: Option<String>,
    /// For the peer to accept the data (default 4000)
    pub timeout_ms: Option<Integer>,
    /// Close our half afterwards; receiving goes on
    pub end: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Read {
    pub connection_id: String,
    /// First chunk to return; negative counts from the end
    pub index: Option<Integer>,
    pub count: Option<Integer>,
    #[serde(default)]
    pub format: Encoding,
    /// First byte to return, counted from the connection's beginning
    pub offset: Option<Integer>,
    /// Bytes to return (at most 1048576)
    pub limit: Option<Integer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetTrigger {
    /// Need not exist yet
    pub connection_id: String,
    /// A name for it; setting it again replaces it
    pub trigger_id: String,
    /// Regular expression over bytes: multi-line, CRLF-aware, no look-around
    pub pattern: String,
    /// In utf-8, $1, $name and $$ are expanded from the match
    pub response: Option<String>,
    /// message: `response` is JSON of one for the handler
    #[serde(default)]
    pub response_encoding: ResponseEncoding,
    /// Bytes to append, in hex: 0d0a is CRLF
    pub response_terminator: Option<String>,
    /// Instead of response: rhai source, run at each match, as send("PONG " + group(1)); language:
    /// handlers_list name=script
    pub script: Option<String>,
    /// message: match a handler's messages, not bytes
    #[serde(default)]
    pub on: On,
    /// Of a message, as params.0; all its JSON if absent
    pub member: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct RemoveTrigger {
    pub connection_id: String,
    pub trigger_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ConnectAndSend {
    /// Name or IP address
    pub host: String,
    pub port: Integer,
    /// Written in `encoding`
    pub data: String,
    /// A name for it; made up if absent
    pub connection_id: Option<String>,
    #[serde(default)]
    pub encoding: Encoding,
    /// Bytes to append, in hex: 0d0a is CRLF, 0a LF
    pub terminator: Option<String>,
    /// Default 4000
    pub connect_timeout_ms: Option<Integer>,
    /// For the peer to accept the data (default 4000)
    pub timeout_ms: Option<Integer>,
}

// What to wait for.
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
    pub connection_id: String,
    /// A match of `pattern`, so many `bytes`, nothing for `silence_ms`, or the peer's close
    pub until: Until,
    /// Regular expression over bytes: multi-line, CRLF-aware, no look-around
    pub pattern: Option<String>,
    pub bytes: Option<Integer>,
    /// Default 500
    pub silence_ms: Option<Integer>,
    /// Default 4000; then what came is returned with ended=timeout
    pub timeout_ms: Option<Integer>,
    /// First byte to look at, counted from the connection's beginning; where the last
    /// tcp_wait ended if absent
    pub from: Option<Integer>,
    #[serde(default)]
    pub format: Encoding,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Messages {
    pub connection_id: String,
    /// Only those with a higher number; default: those not returned yet
    pub after: Option<Integer>,
    /// Most to return (default 100)
    pub limit: Option<Integer>,
    /// How many to wait for (default 1; 0: do not wait)
    pub until: Option<Integer>,
    /// Default 4000; then what came is returned
    pub timeout_ms: Option<Integer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct SendMessage {
    pub connection_id: String,
    /// As the handler's outgoing_schema in handlers_list
    pub message: Object,
    /// Default 4000
    pub timeout_ms: Option<Integer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetHandler {
    pub connection_id: String,
    /// As in tcp_connect; none: take it off
    pub handler: Option<String>,
    pub handler_config: Option<Object>,
    /// First byte to decode, of those held; default: what comes from now on
    pub from: Option<Integer>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct OfHandler {
    /// One handler, in detail
    pub name: Option<String>,
}
