//! Each rule of `nmea`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use handler_kit::testing::{examples_hold, input_is_kept, messages, pieces_change_nothing};
use handler_kit::{Session, Value, json};
use nmea_handler::Nmea;

fn values(config: &Value, bytes: &[u8]) -> Vec<Value> {
    for pieces in [1, 2, 3, 7] {
        pieces_change_nothing::<Nmea>(config, bytes, &[pieces]);
    }
    input_is_kept::<Nmea>(config, bytes, &[3]);
    messages::<Nmea>(config, bytes, &[usize::MAX]).into_iter().map(|message| message.value).collect()
}

/// A sentence with its checksum and its end.
fn sentence(body: &str) -> String {
    format!("{body}*{:02X}\r\n", body.bytes().skip(1).fold(0, |sum, byte| sum ^ byte))
}

/// The message of one sentence.
fn read(body: &str) -> Value {
    let mut got = values(&json!({}), sentence(body).as_bytes());
    assert_eq!(got.len(), 1, "{got:?}");
    got.remove(0)
}

#[test]
fn the_examples_hold() {
    examples_hold::<Nmea>();
}

#[test]
fn common_sentences_have_names_for_their_fields() {
    for (body, expected) in [
        (
            "$GNRMC,001031.00,A,4404.13993,N,12118.86023,W,0.146,,100117,3.1,W,A,V",
            json!({
                "sentence": "RMC", "talker": "GN", "system": "several satellite systems", "time": "00:10:31.00Z",
                "status": "valid", "lat": 44.06899883, "lon": -121.31433717, "speed_knots": 0.146,
                "date": "2017-01-10", "variation": -3.1, "mode": "autonomous", "navigation": "not-valid",
            }),
        ),
        (
            "$GPRMC,,V,,,,,,,,,,N",
            json!({ "sentence": "RMC", "talker": "GP", "system": "GPS", "status": "void", "mode": "not-valid" }),
        ),
        (
            "$GNGSA,A,3,80,71,73,79,69,,,,,,,,1.83,1.09,1.47,1",
            json!({
                "sentence": "GSA", "talker": "GN", "system": "several satellite systems", "selection": "automatic",
                "fix": "3d", "used": [80, 71, 73, 79, 69], "pdop": 1.83, "hdop": 1.09, "vdop": 1.47, "system_id": "1",
            }),
        ),
        (
            "$GLGSV,2,2,05,73,17,308,41,85,07,,,1",
            json!({
                "sentence": "GSV", "talker": "GL", "system": "GLONASS", "of": 2, "number": 2, "in_view": 5,
                "signal_id": "1", "satellites": [
                    { "prn": 73, "elevation": 17, "azimuth": 308, "snr": 41 },
                    { "prn": 85, "elevation": 7 },
                ],
            }),
        ),
        (
            "$GPVTG,,T,,M,0.02,N,0.04,K,A",
            json!({
                "sentence": "VTG", "talker": "GP", "system": "GPS", "speed_knots": 0.02, "speed_kmh": 0.04,
                "mode": "autonomous",
            }),
        ),
        (
            "$GPGLL,4916.45,S,12311.12,E,225444,A,",
            json!({
                "sentence": "GLL", "talker": "GP", "system": "GPS", "lat": -49.27416667, "lon": 123.18533333,
                "time": "22:54:44Z", "status": "valid",
            }),
        ),
        (
            "$GPZDA,201530.00,04,07,2002,00,00",
            json!({
                "sentence": "ZDA", "talker": "GP", "system": "GPS", "time": "20:15:30.00Z", "day": 4, "month": 7,
                "year": 2002, "zone_hours": 0, "zone_minutes": 0,
            }),
        ),
        (
            "$WIMWV,214.8,R,0.1,K,A",
            json!({
                "sentence": "MWV", "talker": "WI", "system": "weather instruments", "angle": 214.8,
                "reference": "relative", "speed": 0.1, "speed_unit": "km/h", "status": "valid",
            }),
        ),
        (
            "$SDDPT,2.4,,100.0,x",
            json!({
                "sentence": "DPT", "talker": "SD", "system": "depth sounder", "depth_m": 2.4, "range_m": 100.0,
                "more": ["x"],
            }),
        ),
    ] {
        assert_eq!(read(body), expected, "{body}");
    }
}

#[test]
fn other_sentences_are_told_by_position() {
    assert_eq!(
        read("$YXXDR,C,21.5,C,AIRTEMP"),
        json!({ "sentence": "XDR", "talker": "YX", "fields": ["C", "21.5", "C", "AIRTEMP"] })
    );
    assert_eq!(read("$PUBX,00,1"), json!({ "sentence": "PUBX", "fields": ["00", "1"] }));
    assert_eq!(read("$CCGPQ,GGA"), json!({ "query": "GGA", "talker": "CC", "of": "GP" }));
    // A field that is not what its place says is told as it stands.
    assert_eq!(read("$GPHDT,about 90,T")["heading_true"], "about 90");
    assert_eq!(read("$GPGLL,x,N,1,E,99,Q")["lat"], "xN");
}

#[test]
fn checksums_are_checked_as_configured() {
    let lines = b"$GPHDT,1,T*00\r\n$GPHDT,1,T\r\n";
    let got = values(&json!({}), lines);
    assert!(got[0]["malformed"].as_str().unwrap().starts_with("the checksum is wrong"), "{got:?}");
    assert_eq!(got[1]["unchecked"], true);
    let got = values(&json!({ "checksum": "required" }), lines);
    assert_eq!(got[1]["malformed"], "the sentence has no checksum");
    let got = values(&json!({ "checksum": "ignored" }), lines);
    assert_eq!(got[0]["heading_true"], 1);
}

#[test]
fn a_sentence_behind_half_of_another_is_told() {
    let whole = sentence("$GPHDT,1,T");
    let bytes = format!("$GPGGA,0927{whole}7,M,,*76\r\n{whole}");
    let got = messages::<Nmea>(&json!({}), bytes.as_bytes(), &[1]);
    assert_eq!(got.len(), 4, "{got:?}");
    assert_eq!((got[0].span.start, got[0].span.end), (0, 11));
    assert_eq!(got[1].value["heading_true"], 1);
    assert_eq!(got[2].value["malformed"], "a sentence begins with `$` or `!`");
    assert_eq!(got[3].value["heading_true"], 1);
    values(&json!({}), bytes.as_bytes());
    let got = values(&json!({}), format!("\u{fffd}\u{0}{whole}").as_bytes());
    assert_eq!(got[1]["heading_true"], 1);
}

#[test]
fn tags_before_a_sentence_are_told() {
    let got = read("\\s:mast,c:1425556661*1E\\$GPHDT,1,T");
    assert!(got["malformed"].as_str().unwrap().contains("tag block is wrong"), "{got}");
    let block = "s:mast,c:1425556661";
    let sum = block.bytes().fold(0, |sum, byte| sum ^ byte);
    let line = format!("\\{block}*{sum:02X}\\{}", sentence("$GPHDT,1,T"));
    let got = values(&json!({}), line.as_bytes());
    assert_eq!(got[0]["tags"], json!({ "s": "mast", "c": "1425556661" }));
    let got = values(&json!({}), line.replace("HDT,1", "HDT,2").as_bytes());
    assert!(got[0]["malformed"].as_str().unwrap().starts_with("the checksum is wrong"), "{got:?}");
}

#[test]
fn ais_parts_that_are_missing_are_told() {
    let got = read("!AIVDM,2,2,3,B,1@0000000000000,2");
    assert_eq!(got["missing_parts"], true);
    assert_eq!(read("!AIVDM,1,1,,A,,0")["malformed"], "an AIS message has at least 38 bits, not 0");
    for (body, words) in [
        ("!AIVDM,1,1,,A,15M,9", "fill bits"),
        ("!AIVDM,1,2,,A,15M,0", "part 2 of 1"),
        ("!AIVDM,0,1,,A,15M,0", "from 1 to 9"),
        ("!AIVDM,1,1,A,15M,0", "six fields, not 5"),
        ("!AIVDM,1,1,,A,15MX~5M15M,0", "stands for no bits"),
    ] {
        assert!(read(body)["malformed"].as_str().unwrap().contains(words), "{body}: {}", read(body));
    }
    let raw = values(&json!({ "ais": false }), sentence("!AIVDM,1,1,,A,15M,0").as_bytes());
    assert_eq!(raw[0]["fields"], json!(["1", "1", "", "A", "15M", "0"]));
}

#[test]
fn a_short_or_unknown_ais_message_is_told_as_far_as_it_goes() {
    let got = read("!AIVDM,1,1,,B,177KQJ5000,0");
    assert_eq!(
        got["ais"],
        json!({
            "type": 1, "repeat": 0, "mmsi": 477_553_000, "status": "moored", "turn": 0.0, "speed": 0.0,
        })
    );
    let got = read("!AIVDM,1,1,,B,D02=ag0flffp,0");
    assert_eq!(got["ais"]["type"], 20);
    assert!(got["ais"]["data"].is_string());
}

#[test]
fn another_protocol_is_told_as_what_it_is() {
    let got = values(&json!({}), b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert!(got[0]["malformed"].as_str().unwrap().ends_with("it looks like an HTTP response"), "{got:?}");
    assert_eq!(got[1], json!({ "blank": true }));
}

#[test]
fn messages_and_configurations_that_make_no_sense_name_their_member() {
    let mut session = Session::<Nmea>::new(json!({})).unwrap();
    let vdm = json!({ "sentence": "VDM", "talker": "AI", "fields": [1, 1, null, "A", "15M", 0] });
    assert!(session.encode(&vdm, 0).unwrap().bytes.starts_with(b"!AIVDM,1,1,,A,15M,0*"));
    for (message, member) in [
        (json!([]), None),
        (json!({}), Some("sentence")),
        (json!({ "sentence": "GGA" }), Some("talker")),
        (json!({ "sentence": "GGA", "talker": "gp" }), Some("talker")),
        (json!({ "sentence": "GG A", "talker": "GP" }), Some("sentence")),
        (json!({ "sentence": "PMTK", "fields": "1" }), Some("fields")),
        (json!({ "sentence": "PMTK", "fields": [1, "a,b"] }), Some("fields[1]")),
        (json!({ "sentence": "PMTK", "fields": ["\r\n$PMTK"] }), Some("fields[0]")),
        (json!({ "sentence": "PMTK", "fields": [true] }), Some("fields[0]")),
        (json!({ "text": "a\nb" }), Some("text")),
        (json!({ "text": "a", "talker": "GP" }), Some("talker")),
        (json!({ "query": "a" }), Some("query")),
    ] {
        assert_eq!(session.encode(&message, 0).unwrap_err().member.as_deref(), member, "{message}");
    }
    for (config, member) in [
        (json!({ "parts_ms": 1 }), "parts_ms"),
        (json!({ "longest_line": 81 }), "longest_line"),
        (json!({ "checksum": "no" }), "handler_config"),
    ] {
        assert_eq!(Session::<Nmea>::new(config).unwrap_err().member.as_deref(), Some(member));
    }
}
