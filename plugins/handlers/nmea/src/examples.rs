//! Worked examples of `nmea`.

use handler_kit::{Example, json};

/// The examples; a test runs each.
pub fn examples() -> Vec<Example> {
    vec![
        Example {
            title: "a position, and a receiver told to send once a second",
            config: json!({}),
            outgoing: vec![
                (json!({ "sentence": "PMTK220", "fields": [1000] }), b"$PMTK220,1000*1F\r\n".to_vec()),
                (json!({ "sentence": "GPQ", "talker": "CC", "fields": ["GGA"] }), b"$CCGPQ,GGA*2B\r\n".to_vec()),
            ],
            incoming: (
                b"$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n\
                  $PMTK001,220,3*30\r\n"
                    .to_vec(),
                vec![
                    json!({
                        "sentence": "GGA", "talker": "GP", "system": "GPS", "time": "09:27:50.000Z", "lat": 53.36133667,
                        "lon": -6.50562, "quality": "gps", "satellites": 8, "hdop": 1.03, "altitude_m": 61.7,
                        "geoid_separation_m": 55.2,
                    }),
                    json!({ "sentence": "PMTK001", "fields": ["220", "3"] }),
                ],
            ),
        },
        Example {
            title: "an AIS message in two parts",
            config: json!({}),
            outgoing: vec![],
            incoming: (
                b"!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E\r\n\
                  !AIVDM,2,2,3,B,1@0000000000000,2*55\r\n"
                    .to_vec(),
                vec![
                    json!({
                        "sentence": "VDM", "talker": "AI", "system": "AIS station", "part": 1, "of": 2, "channel": "B",
                    }),
                    json!({
                        "sentence": "VDM", "talker": "AI", "system": "AIS station", "part": 2, "of": 2, "channel": "B",
                        "ais": {
                            "type": 5, "repeat": 0, "mmsi": 369_190_000, "ais_version": 0, "imo": 6_710_932,
                            "callsign": "WDA9674", "shipname": "MT.MITCHELL", "shiptype": "other", "to_bow": 90,
                            "to_stern": 90, "to_port": 10, "to_starboard": 10, "epfd": "GPS", "eta": "01-02T08:00Z",
                            "draught": 6.0, "destination": "SEATTLE", "dte": 0,
                        },
                    }),
                ],
            ),
        },
        Example {
            title: "gpsd, asked for sentences; one of them is broken",
            config: json!({}),
            outgoing: vec![(
                json!({ "text": "?WATCH={\"enable\":true,\"nmea\":true};" }),
                b"?WATCH={\"enable\":true,\"nmea\":true};\r\n".to_vec(),
            )],
            incoming: (
                b"{\"class\":\"VERSION\",\"release\":\"3.22\"}\r\n$GPHDT,274.07,T*00\r\n$GPHDT,274.07,T*03\r\n"
                    .to_vec(),
                vec![
                    json!({ "gpsd": { "class": "VERSION", "release": "3.22" } }),
                    json!({ "malformed": "the checksum is wrong, 03 would be right", "at": 38 }),
                    json!({ "sentence": "HDT", "talker": "GP", "system": "GPS", "heading_true": 274.07 }),
                ],
            ),
        },
    ]
}
