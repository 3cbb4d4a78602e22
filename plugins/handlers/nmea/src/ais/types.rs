//! What each type of AIS message holds, part by part.

use handler_kit::{Value, json};

use crate::ais::bits::Bits;

/// One part of a message.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// A number of so many bits.
    Number(&'static str, usize),
    /// The same; this value says that it is not known.
    Known(&'static str, usize, u64),
    /// The same, in tenths.
    Tenths(&'static str, usize, u64),
    /// Yes or no.
    Flag(&'static str),
    /// So many characters.
    Text(&'static str, usize),
    /// All characters that are left.
    RestText(&'static str),
    /// Degrees: so many bits, and so many of its units in one. Too many degrees say that it is not
    /// known.
    Degrees(&'static str, usize, f64, f64),
    /// The rate of turn, in degrees a minute.
    Turn,
    /// One of these, by its number.
    Word(&'static str, usize, &'static [&'static str]),
    /// A date of 40 bits.
    Timestamp,
    /// An arrival: month, day, hour and minute.
    Eta,
    /// What a ship is, by its number.
    Ship,
    /// Nothing.
    Spare(usize),
}

use Part::{Degrees, Eta, Flag, Known, Number, RestText, Ship, Spare, Tenths, Text, Timestamp, Turn, Word};

const STATUS: &[&str] = &[
    "under way using engine",
    "at anchor",
    "not under command",
    "restricted manoeuverability",
    "constrained by her draught",
    "moored",
    "aground",
    "engaged in fishing",
    "under way sailing",
];
const EPFD: &[&str] =
    &["", "GPS", "GLONASS", "GPS and GLONASS", "Loran-C", "Chayka", "integrated", "surveyed", "Galileo"];
const AIDS: &[&str] = &[
    "",
    "reference point",
    "RACON",
    "fixed structure",
    "emergency wreck mark",
    "light, without sectors",
    "light, with sectors",
    "leading light, front",
    "leading light, rear",
    "beacon, cardinal north",
    "beacon, cardinal east",
    "beacon, cardinal south",
    "beacon, cardinal west",
    "beacon, port hand",
    "beacon, starboard hand",
    "beacon, preferred channel port hand",
    "beacon, preferred channel starboard hand",
    "beacon, isolated danger",
    "beacon, safe water",
    "beacon, special mark",
    "cardinal mark north",
    "cardinal mark east",
    "cardinal mark south",
    "cardinal mark west",
    "port hand mark",
    "starboard hand mark",
    "preferred channel port hand",
    "preferred channel starboard hand",
    "isolated danger",
    "safe water",
    "special mark",
    "light vessel or platform",
];

const LON: Part = Degrees("lon", 28, 600_000.0, 180.0);
const LAT: Part = Degrees("lat", 27, 600_000.0, 90.0);
const SPEED: Part = Tenths("speed", 10, 1023);
const COURSE: Part = Tenths("course", 12, 3600);
const HEADING: Part = Known("heading", 9, 511);
const SECOND: Part = Known("second", 6, 60);
const BOW: Part = Number("to_bow", 9);
const STERN: Part = Number("to_stern", 9);
const PORT: Part = Number("to_port", 6);
const STARBOARD: Part = Number("to_starboard", 6);

const POSITION: &[Part] = &[
    Word("status", 4, STATUS),
    Turn,
    SPEED,
    Flag("accuracy"),
    LON,
    LAT,
    COURSE,
    HEADING,
    SECOND,
    Number("maneuver", 2),
    Spare(3),
    Flag("raim"),
    Number("radio", 19),
];
const BASE: &[Part] =
    &[Timestamp, Flag("accuracy"), LON, LAT, Word("epfd", 4, EPFD), Spare(10), Flag("raim"), Number("radio", 19)];
const VOYAGE: &[Part] = &[
    Number("ais_version", 2),
    Known("imo", 30, 0),
    Text("callsign", 7),
    Text("shipname", 20),
    Ship,
    BOW,
    STERN,
    PORT,
    STARBOARD,
    Word("epfd", 4, EPFD),
    Eta,
    Tenths("draught", 8, 0),
    Text("destination", 20),
    Number("dte", 1),
];
const ADDRESSED: &[Part] =
    &[Number("seqno", 2), Number("dest_mmsi", 30), Flag("retransmit"), Spare(1), Number("dac", 10), Number("fid", 6)];
const BROADCAST: &[Part] = &[Spare(2), Number("dac", 10), Number("fid", 6)];
const AIRCRAFT: &[Part] = &[
    Known("alt", 12, 4095),
    Known("speed", 10, 1023),
    Flag("accuracy"),
    LON,
    LAT,
    COURSE,
    SECOND,
    Number("regional", 8),
    Number("dte", 1),
    Spare(3),
    Flag("assigned"),
    Flag("raim"),
    Number("radio", 20),
];
const SAFETY_ADDRESSED: &[Part] =
    &[Number("seqno", 2), Number("dest_mmsi", 30), Flag("retransmit"), Spare(1), RestText("text")];
const SAFETY: &[Part] = &[Spare(2), RestText("text")];
const CLASS_B: &[Part] = &[
    Number("reserved", 8),
    SPEED,
    Flag("accuracy"),
    LON,
    LAT,
    COURSE,
    HEADING,
    SECOND,
    Number("regional", 2),
    Flag("cs"),
    Flag("display"),
    Flag("dsc"),
    Flag("band"),
    Flag("msg22"),
    Flag("assigned"),
    Flag("raim"),
    Number("radio", 20),
];
const CLASS_B_LONG: &[Part] = &[
    Number("reserved", 8),
    SPEED,
    Flag("accuracy"),
    LON,
    LAT,
    COURSE,
    HEADING,
    SECOND,
    Number("regional", 4),
    Text("shipname", 20),
    Ship,
    BOW,
    STERN,
    PORT,
    STARBOARD,
    Word("epfd", 4, EPFD),
    Flag("raim"),
    Number("dte", 1),
    Flag("assigned"),
];
const AID: &[Part] = &[
    Word("aid_type", 5, AIDS),
    Text("name", 20),
    Flag("accuracy"),
    LON,
    LAT,
    BOW,
    STERN,
    PORT,
    STARBOARD,
    Word("epfd", 4, EPFD),
    SECOND,
    Flag("off_position"),
    Number("regional", 8),
    Flag("raim"),
    Flag("virtual_aid"),
    Flag("assigned"),
    Spare(1),
];
const LONG_RANGE: &[Part] = &[
    Flag("accuracy"),
    Flag("raim"),
    Word("status", 4, STATUS),
    Degrees("lon", 18, 600.0, 180.0),
    Degrees("lat", 17, 600.0, 90.0),
    Known("speed", 6, 63),
    Known("course", 9, 511),
    Flag("gnss"),
];
/// Type 24, part A.
pub const STATIC_A: &[Part] = &[Text("shipname", 20)];
/// Type 24, part B.
pub const STATIC_B: &[Part] = &[
    Ship,
    Text("vendorid", 3),
    Number("model", 4),
    Number("serial", 20),
    Text("callsign", 7),
    BOW,
    STERN,
    PORT,
    STARBOARD,
];
/// Type 24, part B, of an auxiliary craft.
pub const STATIC_B_AUXILIARY: &[Part] = &[
    Ship,
    Text("vendorid", 3),
    Number("model", 4),
    Number("serial", 20),
    Text("callsign", 7),
    Number("mothership_mmsi", 30),
];

/// The parts of a type, behind its station; none where it is not decoded.
pub fn shape(kind: u64) -> &'static [Part] {
    match kind {
        1..=3 => POSITION,
        4 | 11 => BASE,
        5 => VOYAGE,
        6 => ADDRESSED,
        8 => BROADCAST,
        9 => AIRCRAFT,
        12 => SAFETY_ADDRESSED,
        14 => SAFETY,
        18 => CLASS_B,
        19 => CLASS_B_LONG,
        21 => AID,
        27 => LONG_RANGE,
        _ => &[],
    }
}

impl Part {
    /// How many bits it has; of a text that goes to the end, none.
    pub fn bits(&self) -> usize {
        match *self {
            Number(_, bits) | Known(_, bits, _) | Tenths(_, bits, _) | Degrees(_, bits, ..) | Word(_, bits, _) => bits,
            Flag(_) => 1,
            Text(_, count) => 6 * count,
            Turn | Ship => 8,
            Timestamp => 40,
            Eta => 20,
            Spare(bits) => bits,
            RestText(_) => 0,
        }
    }

    /// Its name and its value, if it says something.
    pub fn read(&self, bits: &mut Bits) -> Option<(&'static str, Value)> {
        let known = |name, value: Option<Value>| value.map(|value| (name, value));
        match *self {
            Number(name, count) => Some((name, bits.take(count).into())),
            Known(name, count, unknown) => {
                let number = bits.take(count);
                known(name, (number != unknown).then(|| number.into()))
            }
            Tenths(name, count, unknown) => {
                let number = bits.take(count);
                known(name, (number != unknown).then(|| (number as f64 / 10.0).into()))
            }
            Flag(name) => Some((name, (bits.take(1) == 1).into())),
            Text(name, count) => {
                let text = bits.text(count);
                known(name, (!text.is_empty()).then(|| text.into()))
            }
            RestText(name) => Some((name, bits.text(bits.left() / 6).into())),
            Degrees(name, count, units, most) => {
                let degrees = bits.signed(count) as f64 / units;
                known(name, (degrees.abs() <= most).then(|| ((degrees * 1e6).round() / 1e6).into()))
            }
            Turn => known("turn", turn(bits.signed(8))),
            Word(name, count, words) => {
                let number = bits.take(count);
                let word = usize::try_from(number).ok().and_then(|index| words.get(index));
                // The last number says that it is not known, as an empty word does.
                let is_last = number == (1 << count) - 1;
                match word {
                    Some(&"") => None,
                    Some(word) => Some((name, json!(word))),
                    None => known(name, (!is_last).then(|| number.into())),
                }
            }
            Timestamp => known("timestamp", timestamp(bits)),
            Eta => known("eta", eta(bits)),
            Ship => {
                let number = bits.take(8);
                known("shiptype", (number != 0).then(|| ship(number).map_or_else(|| number.into(), Value::from)))
            }
            Spare(count) => {
                bits.take(count);
                None
            }
        }
    }
}

/// The rate of turn in degrees a minute; of ships without a turn indicator, to which side.
fn turn(raw: i64) -> Option<Value> {
    match raw {
        -128 => None,
        127 => Some(json!("fast right")),
        -127 => Some(json!("fast left")),
        _ => {
            let rate = (raw as f64 / 4.733).powi(2) * if raw < 0 { -1.0 } else { 1.0 };
            Some(((rate * 10.0).round() / 10.0).into())
        }
    }
}

fn timestamp(bits: &mut Bits) -> Option<Value> {
    let (year, month, day) = (bits.take(14), bits.take(4), bits.take(5));
    let (hour, minute, second) = (bits.take(5), bits.take(6), bits.take(6));
    let time = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    (year != 0).then(|| time.into())
}

fn eta(bits: &mut Bits) -> Option<Value> {
    let (month, day, hour, minute) = (bits.take(4), bits.take(5), bits.take(5), bits.take(6));
    let time = format!("{month:02}-{day:02}T{hour:02}:{minute:02}Z");
    (month != 0 || day != 0).then(|| time.into())
}

fn ship(number: u64) -> Option<&'static str> {
    Some(match number {
        20..=29 => "wing in ground",
        30 => "fishing",
        31 | 32 => "towing",
        33 => "dredging",
        34 => "diving",
        35 => "military",
        36 => "sailing",
        37 => "pleasure craft",
        40..=49 => "high speed craft",
        50 => "pilot",
        51 => "search and rescue",
        52 => "tug",
        53 => "port tender",
        54 => "anti-pollution",
        55 => "law enforcement",
        58 => "medical",
        60..=69 => "passenger",
        70..=79 => "cargo",
        80..=89 => "tanker",
        90..=99 => "other",
        _ => return None,
    })
}
