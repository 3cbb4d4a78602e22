//! The `mqtt` handler: packets of an MQTT server as messages (MQTT 3.1, 3.1.1 and 5 of OASIS). What
//! it sends by itself, each by a switch: CONNECT as configured, PINGREQ, and the acknowledgements
//! of QoS 1 and 2.
//!
//! No codec crate stands under it. `mqtt-proto` 0.4.0 was tried: it refuses packets that real
//! servers send, such as a refusal in 3.1.1's shape to a client of version 5, and QoS 3 that amqtt
//! grants. The others were only read. `mqtt-protocol-core` 0.7.9 is a whole client of 40,000 lines.
//! `mqttbytes` 0.6.0 has moved into the client `rumqttc`. `mqttrs` 0.4.1 has no version 5.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod encode;
mod flow;
mod messages;
mod packet;
mod property;
mod reason;
mod topic;
mod wire;

pub use config::{Config, Version, Will};

use flow::Flow;
use handler_kit::{
    Discard, Encoded, Example, Failure, Handler, Input, Now, Reason, Schemas, Span, Step, Value, reason_with,
};
use packet::{Kind, Packet};
use wire::Variable;

#[cfg(target_arch = "wasm32")]
handler_guest::export!(Mqtt);

/// A server that has not answered CONNECT after so many milliseconds is told to the operator.
const CONNACK_WITHIN: u64 = 10_000;
/// Other protocols are known by so many bytes.
const BEGINNING: usize = 7;

/// One connection to an MQTT server.
#[derive(Debug)]
pub struct Mqtt {
    config: Config,
    flow: Flow,
    /// Packets have properties.
    v5: bool,
    /// CONNECT was sent.
    connect_sent: bool,
    /// CONNECT was sent at that time, and nothing has come since.
    unanswered: Option<Now>,
    /// The server has accepted CONNECT: from then on the keep-alive is kept.
    accepted: bool,
    /// The keep-alive interval in milliseconds. 0 is none.
    keep_alive: u64,
    last_sent: Now,
    /// A PINGREQ of the handler waits for an answer since then.
    pinged: Option<Now>,
    discard: Option<Discard>,
    /// Nothing that follows can be read.
    lost: bool,
}

impl Mqtt {
    /// What is behind the first packets of the input, if it is whole: its first byte, where its
    /// body begins and where it ends.
    fn whole(&mut self, input: &Input) -> Option<(Kind, u8, usize, usize)> {
        let bytes = input.bytes();
        let first = *bytes.first()?;
        let Some(kind) = Kind::of(first) else {
            let reason = packet::no_packet(first, bytes.get(..BEGINNING)?);
            self.discard = Some(Discard::new(reason, BEGINNING as u64));
            self.lost = true;
            return None;
        };
        match wire::variable(bytes.get(1..)?) {
            Variable::More => None,
            Variable::TooLong => {
                self.discard = Some(Discard::new("the packet's length has more than four bytes", 5));
                self.lost = true;
                None
            }
            Variable::Whole(length, size) => {
                let start = 1 + size;
                let end = start + length as usize;
                if end > self.config.longest_packet {
                    let reason = format!("the packet has {end} bytes, more than {}", self.config.longest_packet);
                    self.discard = Some(Discard::new(reason_with(reason, bytes.get(..start)?), end as u64));
                    return None;
                }
                (bytes.len() >= end).then_some((kind, first & 0x0f, start, end))
            }
        }
    }

    /// A packet has come.
    fn packet(&mut self, mut packet: Packet, span: Span, now: Now, step: &mut Step) {
        let answers = self.flow.came(&packet);
        let before = step.send.len();
        match (packet.kind, packet.id) {
            (Kind::Connack, _) => self.connack(&packet, now, step),
            (Kind::Pingresp, _) => self.pinged = None,
            (Kind::Publish, Some(id)) => {
                if packet.qos == 2 && self.flow.repeated(id) {
                    packet.value.insert("repeated".into(), true.into());
                }
                self.acknowledge(if packet.qos == 1 { 0x40 } else { 0x50 }, id, step);
            }
            (Kind::Pubrec, Some(id)) if packet.code < 0x80 => self.acknowledge(0x62, id, step),
            (Kind::Pubrel, Some(id)) => {
                self.flow.released(id);
                self.acknowledge(0x70, id, step);
            }
            _ => {}
        }
        if step.send.len() > before {
            self.last_sent = now;
        }
        let value = Value::Object(packet.value);
        match answers {
            Some(request) => step.answer(value, span, request),
            None => step.message(value, span),
        }
    }

    /// CONNECT goes out.
    fn connected(&mut self, now: Now) {
        self.connect_sent = true;
        self.unanswered = Some(now);
        self.last_sent = now;
    }

    fn connack(&mut self, packet: &Packet, now: Now, step: &mut Step) {
        // A server that answers in 3.1.1's shape speaks 3.1.1.
        if packet.code == 0 && self.v5 && !packet.v5 {
            self.v5 = false;
            step.notes.push("MQTT 5 was asked for, and the server answers as one of 3.1.1".into());
        }
        if packet.code == 0 {
            self.accepted = true;
            self.last_sent = now;
            let properties = packet.value.get("properties");
            if let Some(seconds) = properties.and_then(|all| all.get("server_keep_alive")).and_then(Value::as_u64) {
                self.keep_alive = seconds * 1000;
            }
            step.tick = self.due();
        }
    }

    fn acknowledge(&self, first: u8, id: u16, step: &mut Step) {
        if self.config.acknowledge {
            let [high, low] = id.to_be_bytes();
            step.send.extend([first, 2, high, low]);
        }
    }
}

impl Handler for Mqtt {
    type Config = Config;

    const NAME: &'static str = "mqtt";
    const TITLE: &'static str = "MQTT (3.1.1, 5)";
    const SUMMARY: &'static str =
        "MQTT 3.1.1 and 5: publish and subscribe with QoS 0 to 2; connects, pings, acknowledges";
    const PAIRS: bool = true;

    fn schemas() -> Schemas {
        messages::schemas()
    }

    fn examples() -> Vec<Example> {
        messages::examples()
    }

    fn new(config: Config) -> Result<Self, Failure> {
        config.check()?;
        let v5 = config.version == Version::V5;
        let keep_alive = u64::from(config.keep_alive) * 1000;
        Ok(Self {
            config,
            flow: Flow::default(),
            v5,
            connect_sent: false,
            unanswered: None,
            accepted: false,
            keep_alive,
            last_sent: 0,
            pinged: None,
            discard: None,
            lost: false,
        })
    }

    fn open(&mut self, now: Now, step: &mut Step) {
        if self.config.connect {
            match encode::connect(&self.config) {
                Ok(bytes) => {
                    step.send = bytes;
                    self.connected(now);
                    step.tick = self.due();
                }
                Err(failure) => step.notes.push(format!("CONNECT cannot be sent: {failure}")),
            }
        }
    }

    fn data(&mut self, input: &mut Input, now: Now, step: &mut Step) {
        self.unanswered = self.unanswered.filter(|_| input.is_empty());
        loop {
            if let Some(discard) = &mut self.discard {
                if !discard.data(input, step) {
                    return;
                }
                self.discard = self.lost.then(|| Discard::all("it stands behind what cannot be read"));
                continue;
            }
            let Some((kind, flags, start, end)) = self.whole(input) else {
                if self.discard.is_some() {
                    continue;
                }
                return;
            };
            let bytes = input.bytes().get(..end).unwrap_or_default();
            match packet::read(kind, flags, bytes.get(start..).unwrap_or_default(), self.v5) {
                Ok(packet) => {
                    let span = input.take(end);
                    self.packet(packet, span, now, step);
                }
                Err(reason) => {
                    let reason = reason_with(format!("{}: {reason}", kind.name()), bytes);
                    let span = input.take(end);
                    step.malformed(reason, span);
                }
            }
        }
    }

    fn tick(&mut self, now: Now, step: &mut Step) {
        if self.due().is_none_or(|due| now < due) {
            step.tick = self.due();
            return;
        }
        if self.unanswered.take().is_some() {
            // amqtt waits for more where it does not understand CONNECT.
            step.notes.push("the server has not answered CONNECT: it may not know this version of MQTT".into());
            return;
        }
        if self.pinged.is_some() {
            let seconds = self.keep_alive / 1000;
            step.close = Some(format!("the server has not answered PINGREQ within {seconds} seconds"));
            self.accepted = false;
            return;
        }
        if self.flow.ping(true).is_ok() {
            step.send.extend([0xc0, 0]);
        }
        self.last_sent = now;
        self.pinged = Some(now);
        step.tick = self.due();
    }

    fn due(&self) -> Option<Now> {
        if let Some(sent) = self.unanswered {
            return Some(sent + CONNACK_WITHIN);
        }
        if !self.accepted || self.keep_alive == 0 {
            return None;
        }
        Some(match self.pinged {
            Some(pinged) => pinged + self.keep_alive,
            None => self.last_sent + self.keep_alive * 3 / 4,
        })
    }

    fn close(&mut self, _reason: Reason, input: &mut Input, _now: Now, step: &mut Step) {
        let first = input.bytes().first().copied();
        if self.discard.is_none()
            && let Some(first) = first.filter(|first| Kind::of(*first).is_none())
        {
            self.discard = Some(Discard::all(packet::no_packet(first, input.bytes())));
        }
        if let Some(discard) = &mut self.discard {
            discard.close(input, step);
        }
    }

    fn encode(&mut self, message: &Value, now: Now) -> Result<Encoded, Failure> {
        let encoded = if message.get("type").and_then(Value::as_str) == Some("connect") {
            handler_kit::members(message, &["type"])?;
            if self.connect_sent {
                return Err(Failure::of("type", "CONNECT was sent already, and is sent once in a connection"));
            }
            let bytes = encode::connect(&self.config)?;
            self.connected(now);
            Encoded { bytes, request: Some(self.flow.connect()) }
        } else {
            encode::encode(message, self.v5, &mut self.flow)?
        };
        self.last_sent = now;
        Ok(encoded)
    }
}
