//! What the codes of answers mean (MQTT 3.1.1 §3.2.2.3, MQTT 5 §2.4).

/// What the code of a CONNACK means. Servers answer with either version's codes, whichever was
/// asked for: those of 3.1.1 are below 6, those of 5 are 0x80 and above.
pub(crate) fn connack(code: u8) -> &'static str {
    match code {
        0 => "accepted",
        1 => "unacceptable protocol version",
        2 => "client identifier rejected",
        3 => "server unavailable",
        4 => "bad user name or password",
        5 => "not authorized",
        code => name(code),
    }
}

/// What the code of a SUBACK means.
pub(crate) fn suback(code: u8) -> &'static str {
    match code {
        0 => "granted QoS 0",
        1 => "granted QoS 1",
        2 => "granted QoS 2",
        // amqtt grants what it is asked for.
        3 => "granted QoS 3, which does not exist",
        code => name(code),
    }
}

/// What the code of a DISCONNECT means.
pub(crate) fn disconnect(code: u8) -> &'static str {
    if code == 0 { "normal disconnection" } else { name(code) }
}

/// What a code means where nothing else is said of its packet.
pub(crate) fn name(code: u8) -> &'static str {
    match code {
        0x00 => "success",
        0x04 => "disconnect with will message",
        0x10 => "no matching subscribers",
        0x11 => "no subscription existed",
        0x18 => "continue authentication",
        0x19 => "re-authenticate",
        0x80 => "unspecified error",
        0x81 => "malformed packet",
        0x82 => "protocol error",
        0x83 => "implementation specific error",
        0x84 => "unsupported protocol version",
        0x85 => "client identifier not valid",
        0x86 => "bad user name or password",
        0x87 => "not authorized",
        0x88 => "server unavailable",
        0x89 => "server busy",
        0x8a => "banned",
        0x8b => "server shutting down",
        0x8c => "bad authentication method",
        0x8d => "keep alive timeout",
        0x8e => "session taken over",
        0x8f => "topic filter invalid",
        0x90 => "topic name invalid",
        0x91 => "packet identifier in use",
        0x92 => "packet identifier not found",
        0x93 => "receive maximum exceeded",
        0x94 => "topic alias invalid",
        0x95 => "packet too large",
        0x96 => "message rate too high",
        0x97 => "quota exceeded",
        0x98 => "administrative action",
        0x99 => "payload format invalid",
        0x9a => "retain not supported",
        0x9b => "QoS not supported",
        0x9c => "use another server",
        0x9d => "server moved",
        0x9e => "shared subscriptions not supported",
        0x9f => "connection rate exceeded",
        0xa0 => "maximum connect time",
        0xa1 => "subscription identifiers not supported",
        0xa2 => "wildcard subscriptions not supported",
        _ => "unknown",
    }
}
