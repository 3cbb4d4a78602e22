//! The sentences whose fields have names, and the talkers.

use crate::field::Field::{self, Choice, Date, Degrees, List, Number, Satellites, Signed, Text, Time, Unit};

const VALID: &[(&str, &str)] = &[("A", "valid"), ("V", "void")];
const MODE: &[(&str, &str)] = &[
    ("A", "autonomous"),
    ("D", "differential"),
    ("E", "estimated"),
    ("F", "rtk-float"),
    ("M", "manual"),
    ("N", "not-valid"),
    ("P", "precise"),
    ("R", "rtk"),
    ("S", "simulator"),
];
const NAVIGATION: &[(&str, &str)] = &[("S", "safe"), ("C", "caution"), ("U", "unsafe"), ("V", "not-valid")];
const QUALITY: &[(&str, &str)] = &[
    ("0", "none"),
    ("1", "gps"),
    ("2", "differential"),
    ("3", "pps"),
    ("4", "rtk"),
    ("5", "rtk-float"),
    ("6", "estimated"),
    ("7", "manual"),
    ("8", "simulator"),
];
const FIX: &[(&str, &str)] = &[("1", "none"), ("2", "2d"), ("3", "3d")];
const SELECTION: &[(&str, &str)] = &[("A", "automatic"), ("M", "manual")];
const WIND: &[(&str, &str)] = &[("R", "relative"), ("T", "true")];
const SPEED: &[(&str, &str)] = &[("K", "km/h"), ("M", "m/s"), ("N", "knots"), ("S", "mph")];

/// Each sentence and its fields.
const SENTENCES: &[(&str, &[Field])] = &[
    ("DBT", &[Number("depth_feet"), Unit, Number("depth_m"), Unit, Number("depth_fathoms"), Unit]),
    ("DPT", &[Number("depth_m"), Number("offset_m"), Number("range_m")]),
    (
        "GGA",
        &[
            Time("time"),
            Degrees("lat"),
            Degrees("lon"),
            Choice("quality", QUALITY),
            Number("satellites"),
            Number("hdop"),
            Number("altitude_m"),
            Unit,
            Number("geoid_separation_m"),
            Unit,
            Number("correction_age_s"),
            Text("correction_station"),
        ],
    ),
    ("GLL", &[Degrees("lat"), Degrees("lon"), Time("time"), Choice("status", VALID), Choice("mode", MODE)]),
    (
        "GNS",
        &[
            Time("time"),
            Degrees("lat"),
            Degrees("lon"),
            Text("modes"),
            Number("satellites"),
            Number("hdop"),
            Number("altitude_m"),
            Number("geoid_separation_m"),
            Number("correction_age_s"),
            Text("correction_station"),
            Choice("navigation", NAVIGATION),
        ],
    ),
    (
        "GSA",
        &[
            Choice("selection", SELECTION),
            Choice("fix", FIX),
            List("used", 12),
            Number("pdop"),
            Number("hdop"),
            Number("vdop"),
            Text("system_id"),
        ],
    ),
    (
        "GST",
        &[
            Time("time"),
            Number("rms"),
            Number("major_m"),
            Number("minor_m"),
            Number("orientation"),
            Number("lat_error_m"),
            Number("lon_error_m"),
            Number("altitude_error_m"),
        ],
    ),
    ("GSV", &[Number("of"), Number("number"), Number("in_view"), Satellites]),
    ("HDG", &[Number("heading_magnetic"), Signed("deviation"), Signed("variation")]),
    ("HDM", &[Number("heading_magnetic"), Unit]),
    ("HDT", &[Number("heading_true"), Unit]),
    ("MTW", &[Number("temperature_c"), Unit]),
    (
        "MWV",
        &[
            Number("angle"),
            Choice("reference", WIND),
            Number("speed"),
            Choice("speed_unit", SPEED),
            Choice("status", VALID),
        ],
    ),
    (
        "RMC",
        &[
            Time("time"),
            Choice("status", VALID),
            Degrees("lat"),
            Degrees("lon"),
            Number("speed_knots"),
            Number("course_true"),
            Date("date"),
            Signed("variation"),
            Choice("mode", MODE),
            Choice("navigation", NAVIGATION),
        ],
    ),
    ("ROT", &[Number("degrees_per_minute"), Choice("status", VALID)]),
    ("TXT", &[Number("of"), Number("number"), Text("id"), Text("text")]),
    (
        "VHW",
        &[
            Number("heading_true"),
            Unit,
            Number("heading_magnetic"),
            Unit,
            Number("speed_knots"),
            Unit,
            Number("speed_kmh"),
            Unit,
        ],
    ),
    (
        "VTG",
        &[
            Number("course_true"),
            Unit,
            Number("course_magnetic"),
            Unit,
            Number("speed_knots"),
            Unit,
            Number("speed_kmh"),
            Unit,
            Choice("mode", MODE),
        ],
    ),
    (
        "ZDA",
        &[Time("time"), Number("day"), Number("month"), Number("year"), Number("zone_hours"), Number("zone_minutes")],
    ),
];

/// Talkers by what they are.
const TALKERS: &[(&str, &str)] = &[
    ("AB", "AIS base station"),
    ("AI", "AIS station"),
    ("AN", "AIS aid to navigation"),
    ("AR", "AIS receiving station"),
    ("BD", "BeiDou"),
    ("BS", "AIS base station"),
    ("EC", "electronic chart"),
    ("GA", "Galileo"),
    ("GB", "BeiDou"),
    ("GI", "NavIC"),
    ("GL", "GLONASS"),
    ("GN", "several satellite systems"),
    ("GP", "GPS"),
    ("GQ", "QZSS"),
    ("HC", "magnetic compass"),
    ("HE", "gyro compass"),
    ("II", "integrated instruments"),
    ("IN", "integrated navigation"),
    ("QZ", "QZSS"),
    ("SD", "depth sounder"),
    ("VW", "water speed log"),
    ("WI", "weather instruments"),
];

/// The fields of a sentence, if they have names here.
pub fn shape(sentence: &str) -> Option<&'static [Field]> {
    SENTENCES.iter().find(|(name, _)| *name == sentence).map(|(_, shape)| *shape)
}

/// What a talker is, if it is known.
pub fn talker(letters: &str) -> Option<&'static str> {
    TALKERS.iter().find(|(own, _)| *own == letters).map(|(_, name)| *name)
}
