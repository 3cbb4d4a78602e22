//! How the `mqtt` handler is configured.

use handler_kit::{Failure, MOST_HELD};
use schemars::JsonSchema;
use serde::Deserialize;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1, for old devices (level 3, `MQIsdp`).
    #[serde(rename = "3.1")]
    V31,
    /// MQTT 3.1.1 (level 4).
    #[default]
    #[serde(rename = "3.1.1")]
    V311,
    /// MQTT 5 (level 5).
    #[serde(rename = "5")]
    V5,
}

/// What the server publishes for the client when the connection breaks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Will {
    /// Its topic.
    pub topic: String,
    /// What it says.
    #[serde(default)]
    pub payload: String,
    /// How it is delivered: 0, 1 or 2.
    #[serde(default)]
    pub qos: u8,
    /// Whether the server keeps it for later subscribers.
    #[serde(default)]
    pub retain: bool,
}

/// How the `mqtt` handler is configured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The protocol's version: `3.1`, `3.1.1` or `5`. Not every server takes 5.
    pub version: Version,
    /// The client's name. Where it is empty, the server gives one.
    pub client_id: String,
    /// The user to authenticate as.
    pub username: Option<String>,
    /// The password to authenticate with.
    pub password: Option<String>,
    /// Whether the session begins anew. Otherwise subscriptions of the same client go on.
    pub clean: bool,
    /// How long the server keeps the session after the connection, in seconds (version 5).
    pub session_expiry: Option<u32>,
    /// The keep-alive interval in seconds. PINGREQ is sent by itself after three quarters of it
    /// without another packet. 0 turns it off.
    pub keep_alive: u16,
    /// What the server publishes for the client when the connection breaks.
    pub will: Option<Will>,
    /// Whether CONNECT is sent as soon as the connection is there.
    pub connect: bool,
    /// Whether messages of QoS 1 and 2 are acknowledged (PUBACK, PUBREC, PUBREL, PUBCOMP).
    pub acknowledge: bool,
    /// The longest packet that is read, in bytes: 64 to 4000000.
    pub longest_packet: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            version: Version::V311,
            client_id: String::new(),
            username: None,
            password: None,
            clean: true,
            session_expiry: None,
            keep_alive: 60,
            will: None,
            connect: true,
            acknowledge: true,
            longest_packet: 1 << 20,
        }
    }
}

impl Config {
    /// What makes no sense is refused.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if !(64..=4_000_000.min(MOST_HELD)).contains(&self.longest_packet) {
            return Err(Failure::of("longest_packet", "it is from 64 to 4000000 bytes"));
        }
        if self.client_id.is_empty() && !self.clean && self.version != Version::V5 {
            return Err(Failure::of("client_id", "without a name there is no session to go on with: set `clean`"));
        }
        if self.password.is_some() && self.username.is_none() && self.version != Version::V5 {
            return Err(Failure::of("username", "before version 5, a `password` goes with a `username`"));
        }
        if self.session_expiry.is_some() && self.version != Version::V5 {
            return Err(Failure::of("session_expiry", "version 5 has it only"));
        }
        let texts = [("username", &self.username), ("password", &self.password)];
        for (member, text) in texts.into_iter().filter_map(|(member, text)| Some((member, text.as_ref()?))) {
            text_fits(member, text)?;
        }
        text_fits("client_id", &self.client_id)?;
        if let Some(will) = &self.will {
            crate::topic::name("will.topic", &will.topic)?;
            text_fits("will.payload", &will.payload.replace('\0', ""))?;
            if will.qos > 2 {
                return Err(Failure::of("will.qos", "it is 0, 1 or 2"));
            }
        }
        Ok(())
    }
}

fn text_fits(member: &str, text: &str) -> Result<(), Failure> {
    if text.len() > usize::from(u16::MAX) || text.contains('\0') {
        return Err(Failure::of(member, "it has at most 65535 bytes and no NUL"));
    }
    Ok(())
}
