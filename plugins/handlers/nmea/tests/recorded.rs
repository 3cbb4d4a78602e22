//! What gpsd 3.22 sends and says, recorded on loopback. It read the sentences of a receiver and of
//! an AIS station over TCP, and was asked to watch. `gpsdecode` of the same version read
//! `ais.nmea`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::collections::BTreeMap;

use handler_kit::testing::{input_is_kept, messages, pieces_change_nothing};
use handler_kit::{Session, Value, json};
use nmea_handler::Nmea;

/// All that a client received that had sent `?WATCH={"enable":true,"nmea":true};`.
const WATCHED: &[u8] = include_bytes!("gpsd-3.22.bin");
const AIS: &[u8] = include_bytes!("ais.nmea");
/// What `gpsdecode -j` made of `ais.nmea`.
const DECODED: &str = include_str!("gpsdecode-3.22.json");

fn values(bytes: &[u8]) -> Vec<Value> {
    input_is_kept::<Nmea>(&json!({}), bytes, &[7, 1, 300]);
    pieces_change_nothing::<Nmea>(&json!({}), bytes, &[7, 1, 300]);
    messages::<Nmea>(&json!({}), bytes, &[usize::MAX]).into_iter().map(|message| message.value).collect()
}

#[test]
fn gpsd_3_22_greets_in_json_and_then_passes_sentences_on() {
    let got = values(WATCHED);
    let classes: Vec<&str> = got[..3].iter().map(|message| message["gpsd"]["class"].as_str().unwrap()).collect();
    assert_eq!(classes, ["VERSION", "DEVICES", "WATCH"]);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &got[3..] {
        *counts.entry(message["sentence"].as_str().unwrap_or("none")).or_default() += 1;
    }
    let expected = [("GGA", 5), ("GLL", 5), ("GSA", 5), ("GSV", 15), ("RMC", 5), ("VDM", 15), ("VTG", 5), ("ZDA", 5)];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn gpsd_3_22_has_the_same_position_and_another_date() {
    // Its TPV:
    // "time":"2031-01-11T09:27:50.000Z","lat":53.361336667,"lon":-6.505620000,"altMSL":61.7000,
    // "track":31.6600. It takes the date for one of 1,024 weeks ago; the sentence says 280511.
    let got = values(WATCHED);
    let of = |name: &str| got.iter().find(|message| message["sentence"] == name).unwrap();
    let rmc = of("RMC");
    assert!((rmc["lat"].as_f64().unwrap() - 53.361_336_667).abs() < 1e-8, "{rmc}");
    assert!((rmc["lon"].as_f64().unwrap() + 6.505_62).abs() < 1e-8, "{rmc}");
    assert_eq!((&rmc["time"], &rmc["date"]), (&json!("09:27:50.000Z"), &json!("2011-05-28")));
    assert_eq!((&of("GGA")["altitude_m"], &of("VTG")["course_true"]), (&json!(61.7), &json!(31.66)));
    // Its SKY gives satellite 36 an elevation of 0, where the sentence says nothing.
    let last = got.iter().rfind(|message| message["sentence"] == "GSV").unwrap();
    assert_eq!(last["satellites"][2], json!({ "prn": 36 }));
}

#[test]
fn gpsd_takes_each_segment_as_a_whole_command_so_that_a_line_goes_out_whole() {
    // Recorded for `?VERS` and `ION;` in two segments: the second is not answered at all.
    let refusal = b"{\"class\":\"ERROR\",\"message\":\"Unrecognized request '?VERS\\n'\"}\r\n";
    assert_eq!(values(refusal)[0]["gpsd"]["message"], "Unrecognized request '?VERS\n'");
    let mut session = Session::<Nmea>::new(json!({})).unwrap();
    assert_eq!(session.encode(&json!({ "text": "?VERSION;" }), 0).unwrap().bytes, b"?VERSION;\r\n");
}

/// The messages by type and station. gpsd tells the two parts of type 24 as one.
fn stations(messages: impl Iterator<Item = Value>) -> BTreeMap<(u64, u64), Value> {
    let mut all: BTreeMap<(u64, u64), Value> = BTreeMap::new();
    for message in messages {
        let key = (message["type"].as_u64().unwrap(), message["mmsi"].as_u64().unwrap());
        let members = message.as_object().unwrap().clone();
        all.entry(key).or_insert_with(|| json!({})).as_object_mut().unwrap().extend(members);
    }
    all
}

#[test]
fn gpsdecode_3_22_reads_ais_messages_alike() {
    let ours = stations(values(AIS).into_iter().filter_map(|message| message.get("ais").cloned()));
    let theirs = stations(DECODED.lines().map(|line| serde_json::from_str(line).unwrap()));
    assert_eq!(theirs.len(), 18);
    let mut compared = 0;
    for (station, expected) in theirs {
        let got = &ours[&station];
        for (name, value) in expected.as_object().unwrap() {
            compared += usize::from(same(name, value, got, station.0));
        }
    }
    assert!(compared > 150, "{compared} members were compared");
}

/// Compares a member, if both have it in the same form.
#[track_caller]
fn same(name: &str, value: &Value, got: &Value, kind: u64) -> bool {
    // What it is called by number and by word, and types that are told as bits here.
    let words = ["status", "epfd", "shiptype", "aid_type"];
    if ["class", "device", "scaled"].contains(&name) || name.ends_with("_text") || [16, 20, 23].contains(&kind) {
        return false;
    }
    let Some(own) = got.get(name) else {
        let unknown = matches!(name, "vendorid" | "shiptype" | "second" | "lat" | "epfd" | "aid_type");
        assert!(unknown, "`{name}` of {value} is missing: {got}");
        return false;
    };
    match (value, own) {
        _ if words.contains(&name) => own.is_string(),
        (Value::Number(theirs), Value::Number(own)) => {
            // Type 27 is in tenths of a minute, and gpsd prints one digit of it.
            let near = if kind == 27 { 0.051 } else { 1e-6 };
            let difference = (theirs.as_f64().unwrap() - own.as_f64().unwrap()).abs();
            assert!(difference <= near, "`{name}` is {own}, not {theirs}");
            true
        }
        (Value::String(data), Value::String(own)) if name == "data" => {
            assert_eq!(data, &format!("{}:{own}", got["bits"]));
            true
        }
        (Value::String(turn), Value::String(own)) if name == "turn" => {
            assert_eq!(turn, &own.replace(' ', ""));
            true
        }
        (theirs, own) => {
            assert_eq!(theirs, own, "`{name}`");
            true
        }
    }
}
