//! Packets of the server as JSON. Where the two versions differ, the length tells which one a
//! packet is of, as far as it can: servers refuse in the shape that they know, not in the one asked
//! for.

use handler_kit::{Map, Value, json, other_protocol, reason_with, shown};

use crate::property;
use crate::reason;
use crate::wire::{Missing, Reader};

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Connack,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Suback,
    Unsuback,
    Pingresp,
    Disconnect,
    Auth,
}

impl Kind {
    /// The kind of a first byte that a server may send, with its flags.
    pub(crate) const fn of(first: u8) -> Option<Self> {
        Some(match (first >> 4, first & 0x0f) {
            (2, 0) => Self::Connack,
            (3, _) => Self::Publish,
            (4, 0) => Self::Puback,
            (5, 0) => Self::Pubrec,
            (6, 2) => Self::Pubrel,
            (7, 0) => Self::Pubcomp,
            (9, 0) => Self::Suback,
            (11, 0) => Self::Unsuback,
            (13, 0) => Self::Pingresp,
            (14, 0) => Self::Disconnect,
            (15, 0) => Self::Auth,
            _ => return None,
        })
    }

    /// Its name in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Connack => "connack",
            Self::Publish => "publish",
            Self::Puback => "puback",
            Self::Pubrec => "pubrec",
            Self::Pubrel => "pubrel",
            Self::Pubcomp => "pubcomp",
            Self::Suback => "suback",
            Self::Unsuback => "unsuback",
            Self::Pingresp => "pingresp",
            Self::Disconnect => "disconnect",
            Self::Auth => "auth",
        }
    }
}

/// A packet of the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Packet {
    pub kind: Kind,
    pub id: Option<u16>,
    /// The reason, 0 where none is given.
    pub code: u8,
    pub qos: u8,
    /// It has properties, or a place for them.
    pub v5: bool,
    pub value: Map<String, Value>,
}

/// Reads what stands behind a packet's length.
pub(crate) fn read(kind: Kind, flags: u8, body: &[u8], v5: bool) -> Result<Packet, Missing> {
    let mut value = Map::new();
    value.insert("type".into(), kind.name().into());
    let mut packet = Packet { kind, id: None, code: 0, qos: 0, v5, value };
    let mut reader = Reader(body);
    match kind {
        Kind::Connack => packet.connack(&mut reader)?,
        Kind::Publish => packet.publish(flags, &mut reader)?,
        Kind::Puback | Kind::Pubrec | Kind::Pubrel | Kind::Pubcomp => packet.acknowledgement(&mut reader)?,
        Kind::Suback => packet.suback(&mut reader)?,
        Kind::Unsuback => packet.unsuback(&mut reader)?,
        Kind::Pingresp => {}
        Kind::Disconnect | Kind::Auth => packet.reason_and_properties(&mut reader)?,
    }
    if !reader.is_empty() {
        return Err(format!("{} bytes stand behind the packet's end", reader.0.len()));
    }
    Ok(packet)
}

impl Packet {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.value.insert(name.to_owned(), value.into());
    }

    fn reason(&mut self, code: u8, reason: &str) {
        self.code = code;
        self.set("code", code);
        self.set("reason", reason);
    }

    fn connack(&mut self, reader: &mut Reader<'_>) -> Result<(), Missing> {
        let flags = reader.byte("the flags")?;
        let code = reader.byte("the code")?;
        self.set("session_present", flags & 1 == 1);
        self.reason(code, reason::connack(code));
        self.v5 = !reader.is_empty();
        self.properties(reader)
    }

    fn publish(&mut self, flags: u8, reader: &mut Reader<'_>) -> Result<(), Missing> {
        self.qos = (flags >> 1) & 3;
        if self.qos == 3 {
            return Err("there is no QoS 3".into());
        }
        let topic = reader.text("the topic")?;
        self.set("topic", topic);
        if self.qos > 0 {
            self.id(reader)?;
        }
        if self.v5 {
            self.properties(reader)?;
        }
        let payload = shown(reader.rest());
        self.set("payload", payload);
        self.set("qos", self.qos);
        self.set("retain", flags & 1 == 1);
        if flags & 8 == 8 {
            self.set("dup", true);
        }
        Ok(())
    }

    fn acknowledgement(&mut self, reader: &mut Reader<'_>) -> Result<(), Missing> {
        self.id(reader)?;
        self.reason_and_properties(reader)
    }

    /// What may be left out where it is 0 and nothing else is said.
    fn reason_and_properties(&mut self, reader: &mut Reader<'_>) -> Result<(), Missing> {
        if reader.is_empty() {
            return Ok(());
        }
        let code = reader.byte("the code")?;
        let reason = if self.kind == Kind::Disconnect { reason::disconnect(code) } else { reason::name(code) };
        self.reason(code, reason);
        self.properties(reader)
    }

    fn suback(&mut self, reader: &mut Reader<'_>) -> Result<(), Missing> {
        self.id(reader)?;
        if self.v5 {
            self.properties(reader)?;
        }
        let codes = reader.rest();
        if codes.is_empty() {
            return Err("the codes are cut off".into());
        }
        self.results(codes, reason::suback);
        Ok(())
    }

    fn unsuback(&mut self, reader: &mut Reader<'_>) -> Result<(), Missing> {
        self.id(reader)?;
        if !reader.is_empty() {
            self.properties(reader)?;
            let codes = reader.rest();
            self.results(codes, reason::name);
        }
        Ok(())
    }

    /// One code for each topic.
    fn results(&mut self, codes: &[u8], name: fn(u8) -> &'static str) {
        self.code = codes.iter().copied().max().unwrap_or_default();
        let results: Vec<_> = codes.iter().map(|code| json!({ "code": code, "reason": name(*code) })).collect();
        self.set("results", results);
    }

    fn id(&mut self, reader: &mut Reader<'_>) -> Result<(), Missing> {
        let id = u16::try_from(reader.integer(2, "the packet identifier")?).unwrap_or_default();
        if id == 0 {
            return Err("the packet identifier is 0".into());
        }
        self.id = Some(id);
        self.set("id", id);
        Ok(())
    }

    /// Properties, where there is a place for them.
    fn properties(&mut self, reader: &mut Reader<'_>) -> Result<(), Missing> {
        if reader.is_empty() && self.kind != Kind::Publish {
            return Ok(());
        }
        let properties = property::read(reader)?;
        if !properties.is_empty() {
            self.set("properties", Value::Object(properties));
        }
        Ok(())
    }
}

/// Why nothing that follows can be read.
pub(crate) fn no_packet(first: u8, beginning: &[u8]) -> String {
    let reason = match other_protocol(beginning) {
        Some(_) => "no packet of MQTT begins so".to_owned(),
        None => format!("no packet of an MQTT server begins with 0x{first:02x}"),
    };
    reason_with(reason, beginning)
}
