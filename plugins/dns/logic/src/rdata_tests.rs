//! Records as master files write them, from their bytes; types with their servers' own
//! bytes are tested end to end.

use serde_json::{Value, json};

use super::*;

const LOC: RecordType = RecordType::Unknown(29);
const A6: RecordType = RecordType::Unknown(38);
const APL: RecordType = RecordType::Unknown(42);
const IPSECKEY: RecordType = RecordType::Unknown(45);
const HIP: RecordType = RecordType::Unknown(55);
const EUI48: RecordType = RecordType::Unknown(108);
const AMTRELAY: RecordType = RecordType::Unknown(260);

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
        (RecordType::TXT, b""),
        (LOC, b"\x01\x12\x16\x13\x80\0\0\0\x80\0\0\0\0\x98\x96\x80"),
        (LOC, b"\0\xa2\x16\x13\x80\0\0\0\x80\0\0\0\0\x98\x96\x80"),
        (LOC, b"\0\x12\x16\x13\xff\0\0\0\x80\0\0\0\0\x98\x96\x80"),
        (HIP, b"\x04\x02\0\x01abcd"),
        (APL, b"\0\x01\x18\x05\xc0\0\x02\0\0"),
        (APL, b"\0\x03\x18\x01\xc0"),
        (A6, b"\x81\0"),
        (A6, b"\x40\0\0\0"),
        (IPSECKEY, b"\x0a\x04\x02ab"),
        (AMTRELAY, b"\x0a\x01\xc0\0"),
        (EUI48, b"\0\x01\x02\x03\x04"),
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
    let in_2026 = 1_790_000_000;
    assert_eq!(part::date(0, in_2026), "19700101000000");
    assert_eq!(part::date(951_782_400, in_2026), "20000229000000");
    assert_eq!(part::date(0x8000_0000, in_2026), "20380119031408");
    // The numbers begin anew in 2106: which of the two times is meant is a
    // matter of when it is asked.
    assert_eq!(part::date(u32::MAX, in_2026), "19691231235959");
    assert_eq!(part::date(u32::MAX, 4_000_000_000), "21060207062815");
    assert_eq!(part::date(0, 4_000_000_000), "21060207062816");
}

#[test]
fn parts_that_depend_on_each_other_are_read_together() {
    let text = |kind, bytes: &[u8]| shown(kind, bytes).text;
    let loc = b"\0\x12\x16\x13\x8b\x3f\x55\x60\x7f\xff\xff\xff\0\x98\x96\x7b";
    assert_eq!(text(LOC, loc), "52 25 0.000 N 0 0 0.001 W -0.05m 1m 10000m 10m");
    assert_eq!(shown(LOC, loc).fields["altitude_m"], json!(-0.05));
    assert_eq!(
        text(APL, b"\0\x01\x15\x83\xc0\xa8\x20\0\x02\x20\x04\x20\x01\x0d\xb8"),
        "!1:192.168.32.0/21 2:2001:db8::/32"
    );
    assert_eq!(text(APL, b""), "");
    assert_eq!(text(IPSECKEY, b"\x0a\x03\x02\x02gw\0key"), "10 3 2 gw. a2V5");
    assert_eq!(text(IPSECKEY, b"\x0a\0\x02"), "10 0 2 .");
    assert_eq!(text(AMTRELAY, b"\x0a\x81\xc0\0\x02\x01"), "10 1 1 192.0.2.1");
    assert_eq!(text(A6, b"\x40\0\0\0\0\0\0\0\x01\x01p\0"), "64 ::1 p.");
    assert_eq!(text(HIP, b"\x02\x02\0\x03\xab\xcdkey\x01a\0\x01b\0"), "2 ABCD a2V5 a. b.");
    assert_eq!(shown(HIP, b"\x02\x02\0\x03\xab\xcdkey").fields["servers"], json!([]));
}

#[test]
fn a_compressed_name_is_never_shown_as_its_pointer() {
    // The data stands behind the name it points to: `5 x.ex.` as MX, and the
    // same with a byte too many.
    let message = b"\x02ex\0\0\x05\x01x\xc0\0!";
    let at = |length| {
        let mut decoder = BinDecoder::new(message);
        decoder.read_slice(4).unwrap();
        read(&mut decoder, RecordType::MX, length).unwrap().text
    };
    assert_eq!(at(6), "5 x.ex.");
    assert_eq!(at(7), "\\# 9 000501780265780021");
}

#[test]
fn addresses_are_written_as_the_system_writes_them() {
    let written = |text: &str| text::v6(text.parse().unwrap());
    assert_eq!(written("::192.0.2.1"), "::192.0.2.1");
    assert_eq!(written("::ffff:192.0.2.1"), "::ffff:192.0.2.1");
    assert_eq!(written("::1"), "::1");
    assert_eq!(written("::"), "::");
    assert_eq!(written("::1:2:3"), "::1:2:3");
}
