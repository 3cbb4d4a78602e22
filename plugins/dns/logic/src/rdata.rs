//! The data of a record, field by field: one table says of which fields each type consists, and both the text of a master
//! file and the members of the JSON object come from it. What does not fit its type is shown as bytes (RFC 3597).

use data_encoding::{BASE32_DNSSEC, BASE64, HEXUPPER};
use hickory_proto::rr::{Name, RecordType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder};
use serde_json::{Map, Value, json};

use crate::{kind, svcb, text};

/// What a field is on the wire.
#[derive(Clone, Copy)]
enum Field {
    U8,
    U16,
    U32,
    V4,
    V6,
    /// A name, compressed or not.
    Name,
    /// One `<character-string>`.
    String,
    /// All that is left, as `<character-string>`s.
    Strings,
    /// All that is left, as one string without a length.
    Rest,
    /// A tag with a length before it, not quoted (CAA).
    Tag,
    /// A type, by its name.
    Kind,
    /// Seconds since 1970, shown as a date (RRSIG).
    Time,
    /// A length and so many bytes in hex, `-` for none (NSEC3 salts).
    Salt,
    /// A length and so many bytes in base32 (NSEC3 names).
    Hash,
    /// All that is left, in hex.
    Hex,
    /// All that is left, in base64.
    Base64,
    /// All that is left, as a list of types (NSEC).
    Kinds,
    /// All that is left, as parameters of a service (RFC 9460).
    Parameters,
}

/// The fields of a type, with the names that RFCs give them.
fn fields(kind: RecordType) -> Option<&'static [(&'static str, Field)]> {
    use Field::{
        Base64, Hash, Hex, Kind, Kinds, Name, Parameters, Rest, Salt, String, Strings, Tag, Time, U8, U16, U32, V4, V6,
    };
    Some(match kind {
        RecordType::A => &[("address", V4)],
        RecordType::AAAA => &[("address", V6)],
        RecordType::NS | RecordType::CNAME | RecordType::PTR | RecordType::DNAME => &[("name", Name)],
        RecordType::MX => &[("preference", U16), ("exchange", Name)],
        RecordType::TXT => &[("strings", Strings)],
        RecordType::HINFO => &[("cpu", String), ("os", String)],
        RecordType::SOA => &[
            ("mname", Name),
            ("rname", Name),
            ("serial", U32),
            ("refresh", U32),
            ("retry", U32),
            ("expire", U32),
            ("minimum", U32),
        ],
        RecordType::SRV => &[("priority", U16), ("weight", U16), ("port", U16), ("target", Name)],
        RecordType::CAA => &[("flags", U8), ("tag", Tag), ("value", Rest)],
        RecordType::NAPTR => &[
            ("order", U16),
            ("preference", U16),
            ("flags", String),
            ("services", String),
            ("regexp", String),
            ("replacement", Name),
        ],
        RecordType::DS | RecordType::CDS => {
            &[("key_tag", U16), ("algorithm", U8), ("digest_type", U8), ("digest", Hex)]
        }
        RecordType::DNSKEY | RecordType::CDNSKEY => {
            &[("flags", U16), ("protocol", U8), ("algorithm", U8), ("public_key", Base64)]
        }
        RecordType::RRSIG => &[
            ("type_covered", Kind),
            ("algorithm", U8),
            ("labels", U8),
            ("original_ttl", U32),
            ("expiration", Time),
            ("inception", Time),
            ("key_tag", U16),
            ("signer", Name),
            ("signature", Base64),
        ],
        RecordType::NSEC => &[("next", Name), ("types", Kinds)],
        RecordType::NSEC3 => &[
            ("hash_algorithm", U8),
            ("flags", U8),
            ("iterations", U16),
            ("salt", Salt),
            ("next_hashed", Hash),
            ("types", Kinds),
        ],
        RecordType::NSEC3PARAM => &[("hash_algorithm", U8), ("flags", U8), ("iterations", U16), ("salt", Salt)],
        RecordType::TLSA | RecordType::SMIMEA => {
            &[("usage", U8), ("selector", U8), ("matching_type", U8), ("data", Hex)]
        }
        RecordType::SSHFP => &[("algorithm", U8), ("fingerprint_type", U8), ("fingerprint", Hex)],
        RecordType::CERT => &[("certificate_type", U16), ("key_tag", U16), ("algorithm", U8), ("certificate", Base64)],
        RecordType::OPENPGPKEY => &[("public_key", Base64)],
        RecordType::CSYNC => &[("serial", U32), ("flags", U16), ("types", Kinds)],
        RecordType::SVCB | RecordType::HTTPS => &[("priority", U16), ("target", Name), ("parameters", Parameters)],
        // Types that the library has no name for.
        RecordType::Unknown(17) => &[("mailbox", Name), ("text", Name)],
        RecordType::Unknown(18) => &[("subtype", U16), ("host", Name)],
        RecordType::Unknown(256) => &[("priority", U16), ("weight", U16), ("target", Rest)],
        _ => return None,
    })
}

/// A record's data: its text, and its fields by name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Data {
    pub text: String,
    pub fields: Map<String, Value>,
}

/// Reads the data that begins where the decoder stands and has this length; the decoder knows the whole message, for names
/// that are compressed. Afterwards it stands behind them.
pub(crate) fn read(decoder: &mut BinDecoder<'_>, kind: RecordType, length: usize) -> Option<Data> {
    let start = decoder.index();
    let end = start + length;
    let mut ahead = decoder.clone(u16::try_from(start).ok()?);
    let raw = decoder.read_slice(length).ok()?.unverified(/* only copied */);
    let data = fields(kind).and_then(|fields| all(&mut ahead, fields, end));
    Some(data.unwrap_or_else(|| generic(raw)))
}

fn all(decoder: &mut BinDecoder<'_>, fields: &[(&'static str, Field)], end: usize) -> Option<Data> {
    let mut data = Data { text: String::new(), fields: Map::new() };
    for (name, field) in fields {
        let (text, value) = one(decoder, *field, end)?;
        // A name that is compressed may reach anywhere, but what is read in place may not go beyond the record.
        if decoder.index() > end {
            return None;
        }
        if !data.text.is_empty() && !text.is_empty() {
            data.text.push(' ');
        }
        data.text += &text;
        data.fields.insert((*name).to_owned(), value);
    }
    (decoder.index() == end).then_some(data)
}

fn one(decoder: &mut BinDecoder<'_>, field: Field, end: usize) -> Option<(String, Value)> {
    fn number(n: u32) -> (String, Value) {
        (n.to_string(), n.into())
    }
    fn same(text: String) -> (String, Value) {
        (text.clone(), text.into())
    }
    Some(match field {
        Field::U8 => number(u32::from(octet(decoder)?)),
        Field::U16 => number(u32::from(decoder.read_u16().ok()?.unverified())),
        Field::U32 => number(decoder.read_u32().ok()?.unverified()),
        Field::V4 => same(std::net::Ipv4Addr::from(<[u8; 4]>::try_from(take(decoder, 4)?).ok()?).to_string()),
        Field::V6 => same(std::net::Ipv6Addr::from(<[u8; 16]>::try_from(take(decoder, 16)?).ok()?).to_string()),
        Field::Name => same(text::name(&Name::read(decoder).ok()?)),
        Field::String => {
            let length = octet(decoder)?;
            let bytes = take(decoder, usize::from(length))?;
            (text::quoted(bytes), text::plain(bytes).into())
        }
        Field::Strings => {
            let (mut shown, mut list) = (Vec::new(), Vec::new());
            while decoder.index() < end {
                let (text, value) = one(decoder, Field::String, end)?;
                shown.push(text);
                list.push(value);
            }
            (shown.join(" "), list.into())
        }
        Field::Rest => {
            let bytes = rest(decoder, end)?;
            (text::quoted(bytes), text::plain(bytes).into())
        }
        Field::Tag => {
            let length = octet(decoder)?;
            let bytes = take(decoder, usize::from(length))?;
            // A tag is letters and digits (RFC 8659, section 4.1); any other is not shown as one.
            bytes.iter().all(u8::is_ascii_alphanumeric).then(|| same(text::plain(bytes)))?
        }
        Field::Kind => same(kind::name(decoder.read_u16().ok()?.unverified(/* any type has a name */).into())),
        Field::Time => same(date(decoder.read_u32().ok()?.unverified())),
        Field::Salt => {
            let length = octet(decoder)?;
            let bytes = take(decoder, usize::from(length))?;
            let hex = HEXUPPER.encode(bytes);
            (if hex.is_empty() { "-".to_owned() } else { hex.clone() }, hex.into())
        }
        Field::Hash => {
            let length = octet(decoder)?;
            same(BASE32_DNSSEC.encode(take(decoder, usize::from(length))?).to_uppercase())
        }
        Field::Hex => words(HEXUPPER.encode(rest(decoder, end)?)),
        Field::Base64 => words(BASE64.encode(rest(decoder, end)?)),
        Field::Kinds => {
            let kinds = kinds(rest(decoder, end)?)?;
            (kinds.join(" "), json!(kinds))
        }
        Field::Parameters => svcb::parameters(rest(decoder, end)?)?,
    })
}

fn octet(decoder: &mut BinDecoder<'_>) -> Option<u8> {
    Some(decoder.read_u8().ok()?.unverified(/* any octet is a number */))
}

fn take<'a>(decoder: &mut BinDecoder<'a>, length: usize) -> Option<&'a [u8]> {
    Some(decoder.read_slice(length).ok()?.unverified(/* only shown */))
}

fn rest<'a>(decoder: &mut BinDecoder<'a>, end: usize) -> Option<&'a [u8]> {
    take(decoder, end.checked_sub(decoder.index())?)
}

/// Long data in words of 56 characters, as dig splits it; whole in JSON.
fn words(encoded: String) -> (String, Value) {
    let words: Vec<&str> = encoded.as_bytes().chunks(56).filter_map(|word| std::str::from_utf8(word).ok()).collect();
    (words.join(" "), encoded.into())
}

/// A type bit map (RFC 4034, section 4.1.2).
fn kinds(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut found = Vec::new();
    while let [window, length @ 1..=32, rest @ ..] = bytes {
        let map = rest.get(..usize::from(*length))?;
        bytes = &rest[map.len()..];
        for (index, octet) in map.iter().enumerate() {
            for bit in (0..8).filter(|bit| octet & (0x80 >> bit) != 0) {
                let low = u8::try_from(index * 8 + bit).ok()?;
                found.push(kind::name(u16::from_be_bytes([*window, low]).into()));
            }
        }
    }
    bytes.is_empty().then_some(found)
}

/// `YYYYMMDDHHmmSS` (RFC 4034, section 3.2); the civil date from the number of days, by Howard Hinnant's algorithm.
fn date(seconds: u32) -> String {
    let (days, second) = (i64::from(seconds / 86_400), seconds % 86_400);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// Data without a known form: `\# length hex` (RFC 3597, section 5).
fn generic(raw: &[u8]) -> Data {
    let (hex, value) = words(HEXUPPER.encode(raw));
    let text = match raw.len() {
        0 => "\\# 0".to_owned(),
        length => format!("\\# {length} {hex}"),
    };
    Data { text, fields: Map::from_iter([("hex".to_owned(), value)]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: RecordType, bytes: &[u8]) -> Data {
        read(&mut BinDecoder::new(bytes), kind, bytes.len()).unwrap()
    }

    #[test]
    fn each_type_reads_as_in_a_master_file() {
        let text = |kind, bytes: &[u8]| shown(kind, bytes).text;
        assert_eq!(text(RecordType::A, &[192, 0, 2, 1]), "192.0.2.1");
        assert_eq!(text(RecordType::MX, b"\0\x0a\x04mail\x02ex\0"), "10 mail.ex.");
        assert_eq!(text(RecordType::TXT, b"\x02a\"\x01\xff"), r#""a\"" "\255""#);
        assert_eq!(text(RecordType::CAA, b"\0\x05issueca.example"), r#"0 issue "ca.example""#);
        assert_eq!(text(RecordType::SRV, b"\0\0\0\x05\x13\xc4\x03sip\0"), "0 5 5060 sip.");
        assert_eq!(text(RecordType::NAPTR, b"\0\x64\0\x0a\x01U\x07E2U+sip\x01!\0"), r#"100 10 "U" "E2U+sip" "!" ."#);
        assert_eq!(text(RecordType::DS, b"\xec\x45\x05\x01\xab\xcd"), "60485 5 1 ABCD");
        assert_eq!(text(RecordType::DNSKEY, b"\x01\x00\x03\x05\0\x01\x02"), "256 3 5 AAEC");
        assert_eq!(text(RecordType::TLSA, b"\x03\x01\x01\xbe\xef"), "3 1 1 BEEF");
        assert_eq!(text(RecordType::NSEC, b"\x01b\0\0\x06\x40\x01\0\0\0\x03"), "b. A MX RRSIG NSEC");
        assert_eq!(text(RecordType::NSEC3, b"\x01\x01\0\x0c\x04\xaa\xbb\xcc\xdd\x01\xff"), "1 1 12 AABBCCDD VS");
        assert_eq!(text(RecordType::NSEC3PARAM, b"\x01\0\0\0\0"), "1 0 0 -");
        let signed = b"\0\x01\x05\x03\0\x01\x51\x80\x3e\x7e\x98\x70\x3e\x57\x06\xe8\x0a\x52\x02ex\0\x0a";
        assert_eq!(text(RecordType::RRSIG, signed), "A 5 3 86400 20030324053232 20030222051312 2642 ex. Cg==");
        assert_eq!(text(RecordType::HTTPS, b"\0\x01\0\0\x01\0\x03\x02h2"), "1 . alpn=\"h2\"");
        assert_eq!(text(RecordType::Unknown(65_280), b"\xab\xcd"), "\\# 2 ABCD");
        assert_eq!(text(RecordType::NULL, b""), "\\# 0");
    }

    #[test]
    fn fields_have_names() {
        let fields = shown(RecordType::MX, b"\0\x0a\x04mail\0").fields;
        assert_eq!(Value::from(fields), json!({ "preference": 10, "exchange": "mail." }));
        let fields = shown(RecordType::TXT, b"\x02v=\x03\xc3\xbcx").fields;
        assert_eq!(Value::from(fields), json!({ "strings": ["v=", "üx"] }));
    }

    #[test]
    fn what_does_not_fit_its_type_is_bytes() {
        for (kind, bytes) in [
            (RecordType::A, &b"\x01\x02\x03"[..]),
            (RecordType::A, b"\x01\x02\x03\x04\x05"),
            (RecordType::TXT, b"\x05ab"),
            (RecordType::MX, b"\0"),
            (RecordType::CAA, b"\0\x02\x1b[x"),
            (RecordType::NSEC, b"\0\0\x21\0"),
        ] {
            assert!(shown(kind, bytes).text.starts_with("\\# "), "{kind} {bytes:?}");
        }
    }

    #[test]
    fn a_field_does_not_reach_into_the_next_record() {
        // The string says three bytes, the record has two; the third belongs to somebody else.
        let bytes = b"\x03ab!";
        let data = read(&mut BinDecoder::new(bytes), RecordType::TXT, 3).unwrap();
        assert_eq!(data.text, "\\# 3 036162");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "19700101000000");
        assert_eq!(date(951_782_400), "20000229000000");
        assert_eq!(date(u32::MAX), "21060207062815");
    }
}
