//! One part of a record's data: how it is read from the wire, as dig writes it, and as JSON has it.

use std::time::SystemTime;

use data_encoding::{BASE32_DNSSEC, BASE64, HEXLOWER, HEXUPPER};
use serde_json::{Value, json};

use super::reader::bits;
use super::{Data, Field, Reader, mnemonic};
use crate::text::{v6, words};
use crate::{kind, svcb, text};

impl Field {
    /// Reads the field and adds it to the data; `None` if the bytes are not of this form.
    pub fn read(self, reader: &mut Reader<'_>, name: &str, data: &mut Data) -> Option<()> {
        let optional =
            matches!(self, Self::StringIfAny | Self::HexIfAny | Self::Base64IfAny | Self::Kinds | Self::Parameters);
        if optional && reader.left() == 0 {
            let none = match self {
                Self::StringIfAny => return Some(()),
                Self::Kinds => json!([]),
                Self::Parameters => json!({}),
                _ => "".into(),
            };
            data.push_none(name, none);
            return Some(());
        }
        let (text, value) = self.one(reader)?;
        data.push(name, &text, value);
        Some(())
    }

    fn one(self, reader: &mut Reader<'_>) -> Option<(String, Value)> {
        Some(match self {
            Self::U8 => number(reader.octet()?.into()),
            Self::U16 => number(reader.u16()?.into()),
            Self::U32 => number(reader.u32()?.into()),
            Self::U48 => number(reader.u48()?),
            Self::V4 => same(reader.v4()?.to_string()),
            Self::V6 => same(v6(reader.v6()?)),
            Self::Name => same(reader.name()?),
            Self::String | Self::StringIfAny => string(reader.string()?),
            Self::Strings => strings(reader)?,
            Self::Rest => string(reader.rest()),
            // A tag is letters and digits (RFC 8659, section 4.1); any other is not shown as one.
            Self::Tag => {
                let bytes = reader.string()?;
                bytes.iter().all(u8::is_ascii_alphanumeric).then(|| same(text::plain(bytes)))?
            }
            Self::Kind => same(kind::name(reader.u16()?.into())),
            Self::KindOrNumber => {
                let covered = kind::name(reader.u16()?.into());
                (covered.strip_prefix("TYPE").unwrap_or(&covered).to_owned(), covered.into())
            }
            Self::Time => same(date(reader.u32()?, now())),
            Self::Salt => {
                let hex = HEXUPPER.encode(reader.string()?);
                (if hex.is_empty() { "-".to_owned() } else { hex.clone() }, hex.into())
            }
            Self::Hash => same(BASE32_DNSSEC.encode(reader.string()?).to_uppercase()),
            Self::Hex | Self::HexIfAny => split(HEXUPPER.encode(reader.rest())),
            Self::Prefixed => same(format!("0x{}", HEXLOWER.encode(reader.rest()))),
            Self::Base64 | Self::Base64IfAny => split(BASE64.encode(reader.rest())),
            Self::Base64OrDash => {
                let encoded = BASE64.encode(reader.rest());
                (if encoded.is_empty() { "-".to_owned() } else { encoded.clone() }, encoded.into())
            }
            Self::Sized | Self::SizedOrGap => {
                let length = reader.u16()?;
                let encoded = BASE64.encode(reader.take(length.into())?);
                let gap = if encoded.is_empty() && self == Self::Sized { "" } else { " " };
                (format!("{length}{gap}{}", words(&encoded)), encoded.into())
            }
            Self::Eui48 => same(hyphens(reader.take(6)?)),
            Self::Eui64 => same(hyphens(reader.take(8)?)),
            Self::Locator => {
                let groups = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
                same(groups.map(|group| format!("{group:x}")).join(":"))
            }
            Self::Kinds => list(kinds(reader.rest())?),
            Self::NxtKinds => {
                let (all, shown) = nxt_kinds(reader.rest())?;
                (shown.join(" "), json!(all))
            }
            Self::Parameters => svcb::parameters(reader.rest())?,
            Self::CertType => word(reader.u16()?, mnemonic::cert_type),
            Self::SecAlgorithm => word(reader.octet()?.into(), mnemonic::algorithm),
            Self::TsigError => word(reader.u16()?, mnemonic::tsig_error),
            Self::DsyncScheme => word(reader.octet()?.into(), mnemonic::dsync_scheme),
        })
    }
}

fn number(n: u64) -> (String, Value) {
    (n.to_string(), n.into())
}

fn same(text: String) -> (String, Value) {
    (text.clone(), text.into())
}

fn string(bytes: &[u8]) -> (String, Value) {
    (text::quoted(bytes), text::plain(bytes).into())
}

fn strings(reader: &mut Reader<'_>) -> Option<(String, Value)> {
    let (mut shown, mut list) = (Vec::new(), Vec::new());
    while shown.is_empty() || reader.left() > 0 {
        let (text, value) = string(reader.string()?);
        shown.push(text);
        list.push(value);
    }
    Some((shown.join(" "), list.into()))
}

fn list(words: Vec<String>) -> (String, Value) {
    (words.join(" "), json!(words))
}

/// A number by its word, or the number.
fn word(number: u16, named: fn(u16) -> Option<&'static str>) -> (String, Value) {
    match named(number) {
        Some(word) => same(word.to_owned()),
        None => (number.to_string(), number.into()),
    }
}

fn hyphens(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join("-")
}

/// Long data in words of 56 characters, as dig splits it; whole in JSON.
fn split(encoded: String) -> (String, Value) {
    (words(&encoded), encoded.into())
}

/// A type bit map (RFC 4034, section 4.1.2).
fn kinds(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut found = Vec::new();
    while let [window, length @ 1..=32, rest @ ..] = bytes {
        let map = rest.get(..usize::from(*length))?;
        bytes = &rest[map.len()..];
        found.extend(bits(map).map(|low| kind::name((u16::from(*window) << 8 | low).into())));
    }
    bytes.is_empty().then_some(found)
}

/// The bit map of NXT: the types, and as dig writes them.
fn nxt_kinds(bytes: &[u8]) -> Option<(Vec<String>, Vec<String>)> {
    // The first bit says that the map is of another form, which nobody has defined.
    let plain = bytes.len() <= 16 && bytes.first().is_none_or(|first| first & 0x80 == 0);
    let all: Vec<String> = plain.then(|| bits(bytes).map(|number| kind::name(number.into())).collect())?;
    let shown = all.iter().map(|name| name.strip_prefix("TYPE").unwrap_or(name).to_owned()).collect();
    Some((all, shown))
}

/// `YYYYMMDDHHmmSS` (RFC 4034, section 3.2). A number stands for several times. The one nearest to
/// now is meant (RFC 4034, section 3.1.5).
pub(super) fn date(seconds: u32, now: i64) -> String {
    const ROUND: i64 = 1 << 32;
    let ahead = (i64::from(seconds) - now).rem_euclid(ROUND);
    let time = now + if ahead < ROUND / 2 { ahead } else { ahead - ROUND };
    let (days, second) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    // The civil date from the number of days, by Howard Hinnant's algorithm.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}
