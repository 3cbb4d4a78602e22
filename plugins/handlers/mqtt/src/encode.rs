//! Messages for the server as packets.

use handler_kit::{Encoded, Failure, Map, Value, bytes_of, members};

use crate::config::{Config, Version};
use crate::flow::{Flow, Waits};
use crate::property;
use crate::topic;
use crate::wire::{packet, put_binary};

/// A message to the server.
type Members = Map<String, Value>;

/// CONNECT, as it is configured.
pub(crate) fn connect(config: &Config) -> Result<Vec<u8>, Failure> {
    let v5 = config.version == Version::V5;
    let (name, level) = match config.version {
        Version::V31 => (&b"MQIsdp"[..], 3),
        Version::V311 => (&b"MQTT"[..], 4),
        Version::V5 => (&b"MQTT"[..], 5),
    };
    let mut flags = u8::from(config.clean) << 1;
    if let Some(will) = &config.will {
        flags |= 1 << 2 | will.qos << 3 | u8::from(will.retain) << 5;
    }
    flags |= u8::from(config.password.is_some()) << 6 | u8::from(config.username.is_some()) << 7;
    let mut rest = Vec::new();
    put_binary(&mut rest, name, "version")?;
    rest.extend([level, flags]);
    rest.extend(config.keep_alive.to_be_bytes());
    if v5 {
        let mut properties = Map::new();
        if let Some(seconds) = config.session_expiry {
            properties.insert("session_expiry".into(), seconds.into());
        }
        properties.insert("maximum_packet_size".into(), config.longest_packet.into());
        property::put(&mut rest, Some(&Value::Object(properties)))?;
    }
    put_binary(&mut rest, config.client_id.as_bytes(), "client_id")?;
    if let Some(will) = &config.will {
        if v5 {
            property::put(&mut rest, None)?;
        }
        put_binary(&mut rest, will.topic.as_bytes(), "will.topic")?;
        put_binary(&mut rest, will.payload.as_bytes(), "will.payload")?;
    }
    for (member, text) in [("username", &config.username), ("password", &config.password)] {
        if let Some(text) = text {
            put_binary(&mut rest, text.as_bytes(), member)?;
        }
    }
    packet(0x10, &rest)
}

/// A message as a packet. CONNECT is not here.
pub(crate) fn encode(message: &Value, v5: bool, flow: &mut Flow) -> Result<Encoded, Failure> {
    if !v5 && message.get("properties").is_some() {
        return Err(Failure::of("properties", "MQTT 5 has them only"));
    }
    match message.get("type").and_then(Value::as_str) {
        Some("publish") => publish(message, v5, flow),
        Some("subscribe") => subscribe(message, v5, flow),
        Some("unsubscribe") => unsubscribe(message, v5, flow),
        Some("pingreq") => {
            members(message, &["type"])?;
            Ok(Encoded { bytes: packet(0xc0, &[])?, request: flow.ping(false)? })
        }
        Some("puback") => acknowledgement(message, 0x40, v5),
        Some("pubrec") => acknowledgement(message, 0x50, v5),
        Some("pubrel") => acknowledgement(message, 0x62, v5),
        Some("pubcomp") => acknowledgement(message, 0x70, v5),
        Some("disconnect") => ending(message, 0xe0, v5),
        Some("auth") if v5 => ending(message, 0xf0, v5),
        Some("auth") => Err(Failure::of("type", "MQTT 5 has `auth` only")),
        _ => Err(Failure::of(
            "type",
            "it is publish, subscribe, unsubscribe, pingreq, disconnect, connect, auth, puback, pubrec, pubrel or pubcomp",
        )),
    }
}

fn publish(message: &Value, v5: bool, flow: &mut Flow) -> Result<Encoded, Failure> {
    let members = members(message, &["type", "topic", "payload", "qos", "retain", "dup", "id", "properties"])?;
    let name = members.get("topic").and_then(Value::as_str).unwrap_or_default();
    // With an alias, a topic may be left out.
    if !name.is_empty() || members.get("properties").and_then(|all| all.get("topic_alias")).is_none() {
        topic::name("topic", name)?;
    }
    let qos = qos(members.get("qos"), "qos")?;
    let (dup, retain) = (flag(members, "dup")?, flag(members, "retain")?);
    let mut rest = Vec::new();
    put_binary(&mut rest, name.as_bytes(), "topic")?;
    let id = given_id(members)?;
    let id = if qos > 0 { Some(flow.id(id)?) } else { None };
    rest.extend(id.into_iter().flat_map(u16::to_be_bytes));
    if v5 {
        property::put(&mut rest, members.get("properties"))?;
    }
    match members.get("payload") {
        Some(Value::Number(number)) => rest.extend(number.to_string().into_bytes()),
        Some(payload) => rest.extend(bytes_of(payload, "payload")?),
        None => {}
    }
    let bytes = packet(0x30 | u8::from(dup) << 3 | qos << 1 | u8::from(retain), &rest)?;
    let waits = if qos == 1 { Waits::Puback } else { Waits::Pubcomp };
    Ok(Encoded { bytes, request: id.map(|id| flow.sent(id, waits)) })
}

/// What a packet about topics begins with: its members, its identifier, and the bytes so far.
fn of_topics<'a>(message: &'a Value, v5: bool, flow: &mut Flow) -> Result<(&'a Members, u16, Vec<u8>), Failure> {
    let members = members(message, &["type", "topics", "id", "properties"])?;
    let id = flow.id(given_id(members)?)?;
    let mut rest = id.to_be_bytes().to_vec();
    if v5 {
        property::put(&mut rest, members.get("properties"))?;
    }
    Ok((members, id, rest))
}

fn subscribe(message: &Value, v5: bool, flow: &mut Flow) -> Result<Encoded, Failure> {
    let (members, id, mut rest) = of_topics(message, v5, flow)?;
    for (at, topic) in topics(members)?.iter().enumerate() {
        let member = format!("topics[{at}]");
        let (filter, options) = match topic {
            Value::String(filter) => (filter.as_str(), 0),
            Value::Object(_) => subscription(topic, &member, v5)?,
            _ => return Err(Failure::of(member, "it is a filter, or an object of `filter` and `qos`")),
        };
        topic::filter(&member, filter)?;
        put_binary(&mut rest, filter.as_bytes(), &member)?;
        rest.push(options);
    }
    let bytes = packet(0x82, &rest)?;
    Ok(Encoded { bytes, request: Some(flow.sent(id, Waits::Suback)) })
}

/// A filter and its options.
fn subscription<'a>(topic: &'a Value, member: &str, v5: bool) -> Result<(&'a str, u8), Failure> {
    let inner = |failure: Failure| match failure.member {
        Some(name) => Failure::of(format!("{member}.{name}"), failure.message),
        None => Failure::of(member, failure.message),
    };
    let known = ["filter", "qos", "no_local", "retain_as_published", "retain_handling"];
    let all = members(topic, if v5 { &known } else { &known[..2] }).map_err(inner)?;
    let filter = all.get("filter").and_then(Value::as_str).unwrap_or_default();
    let qos = qos(all.get("qos"), "qos").map_err(inner)?;
    let no_local = flag(all, "no_local").map_err(inner)?;
    let as_published = flag(all, "retain_as_published").map_err(inner)?;
    let handling = small(all.get("retain_handling"), "retain_handling").map_err(inner)?;
    Ok((filter, qos | u8::from(no_local) << 2 | u8::from(as_published) << 3 | handling << 4))
}

fn unsubscribe(message: &Value, v5: bool, flow: &mut Flow) -> Result<Encoded, Failure> {
    let (members, id, mut rest) = of_topics(message, v5, flow)?;
    for (at, topic) in topics(members)?.iter().enumerate() {
        let member = format!("topics[{at}]");
        let filter = topic.as_str().ok_or_else(|| Failure::of(&member, "it is a filter"))?;
        topic::filter(&member, filter)?;
        put_binary(&mut rest, filter.as_bytes(), &member)?;
    }
    let bytes = packet(0xa2, &rest)?;
    Ok(Encoded { bytes, request: Some(flow.sent(id, Waits::Unsuback)) })
}

fn acknowledgement(message: &Value, first: u8, v5: bool) -> Result<Encoded, Failure> {
    let members = members(message, if v5 { &["type", "id", "code", "properties"] } else { &["type", "id"] })?;
    let id = given_id(members)?.ok_or_else(|| Failure::of("id", "it says which packet is acknowledged"))?;
    let mut rest = id.to_be_bytes().to_vec();
    reason_and_properties(&mut rest, members)?;
    Ok(Encoded { bytes: packet(first, &rest)?, request: None })
}

fn ending(message: &Value, first: u8, v5: bool) -> Result<Encoded, Failure> {
    let members = members(message, if v5 { &["type", "code", "properties"] } else { &["type"] })?;
    let mut rest = Vec::new();
    reason_and_properties(&mut rest, members)?;
    Ok(Encoded { bytes: packet(first, &rest)?, request: None })
}

/// Both are left out where there is nothing to say.
fn reason_and_properties(rest: &mut Vec<u8>, members: &Members) -> Result<(), Failure> {
    if members.get("code").is_none() && members.get("properties").is_none() {
        return Ok(());
    }
    let code = members.get("code").map_or(Some(0), |code| code.as_u64().and_then(|code| u8::try_from(code).ok()));
    rest.push(code.ok_or_else(|| Failure::of("code", "it is an integer from 0 to 255"))?);
    property::put(rest, members.get("properties"))
}

fn topics(members: &Members) -> Result<&Vec<Value>, Failure> {
    match members.get("topics") {
        Some(Value::Array(topics)) if !topics.is_empty() => Ok(topics),
        _ => Err(Failure::of("topics", "it is a list of at least one: [\"a/#\"]")),
    }
}

fn given_id(members: &Members) -> Result<Option<u16>, Failure> {
    let Some(id) = members.get("id") else { return Ok(None) };
    match id.as_u64().and_then(|id| u16::try_from(id).ok()).filter(|id| *id > 0) {
        Some(id) => Ok(Some(id)),
        None => Err(Failure::of("id", "it is from 1 to 65535; where it is left out, a free one is taken")),
    }
}

fn qos(value: Option<&Value>, member: &str) -> Result<u8, Failure> {
    small(value, member)
}

/// 0, 1 or 2.
fn small(value: Option<&Value>, member: &str) -> Result<u8, Failure> {
    let Some(value) = value else { return Ok(0) };
    let number = value.as_u64().and_then(|number| u8::try_from(number).ok()).filter(|number| *number <= 2);
    number.ok_or_else(|| Failure::of(member, "it is 0, 1 or 2"))
}

fn flag(members: &Members, name: &str) -> Result<bool, Failure> {
    match members.get(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Failure::of(name, "it is true or false")),
    }
}
