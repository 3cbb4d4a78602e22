//! Every record type that dig knows: its number, its mnemonic, and of which parts its
//! data consists. One table serves the names of types, the text of a zone file, and the
//! members of the JSON object.

use crate::rdata::Field::{
    self, Base64, Base64IfAny, Base64OrDash, CertType, DsyncScheme, Eui48, Eui64, Hash, Hex, HexIfAny, Kind,
    KindOrNumber, Kinds, Locator, Name, NxtKinds, Parameters, Prefixed, Rest, Salt, SecAlgorithm, Sized, SizedOrGap,
    String, StringIfAny, Strings, Tag, Time, TsigError, U8, U16, U32, U48, V4, V6,
};
use crate::rdata::{Form, special};

/// One record type.
pub(crate) struct Type {
    pub number: u16,
    /// As dig writes it.
    pub name: &'static str,
    pub form: Form,
}

type Fields = &'static [(&'static str, Field)];

/// One type that is a row of fields.
const fn row(number: u16, name: &'static str, fields: Fields) -> Type {
    Type { number, name, form: Form::Fields(fields) }
}

/// One type whose parts depend on each other.
const fn own(number: u16, name: &'static str, read: special::Read) -> Type {
    Type { number, name, form: Form::Special(read) }
}

/// One type whose data has no form.
const fn raw(number: u16, name: &'static str) -> Type {
    Type { number, name, form: Form::Unknown }
}

const NAME: Fields = &[("name", Name)];
const STRINGS: Fields = &[("strings", Strings)];
const DS: Fields = &[("key_tag", U16), ("algorithm", U8), ("digest_type", U8), ("digest", Hex)];
const KEY: Fields = &[("flags", U16), ("protocol", U8), ("algorithm", U8), ("public_key", Base64)];
const TLSA: Fields = &[("usage", U8), ("selector", U8), ("matching_type", U8), ("data", Hex)];
const SERVICE: Fields = &[("priority", U16), ("target", Name), ("parameters", Parameters)];

/// The signature's fields; SIG writes a type without a mnemonic as a bare number.
const fn signed(covered: Field) -> [(&'static str, Field); 9] {
    [
        ("type_covered", covered),
        ("algorithm", U8),
        ("labels", U8),
        ("original_ttl", U32),
        ("expiration", Time),
        ("inception", Time),
        ("key_tag", U16),
        ("signer", Name),
        ("signature", Base64),
    ]
}

/// All types with a mnemonic, by number.
pub(crate) const TYPES: &[Type] = &[
    row(1, "A", &[("address", V4)]),
    row(2, "NS", NAME),
    row(3, "MD", NAME),
    row(4, "MF", NAME),
    row(5, "CNAME", NAME),
    row(
        6,
        "SOA",
        &[
            ("mname", Name),
            ("rname", Name),
            ("serial", U32),
            ("refresh", U32),
            ("retry", U32),
            ("expire", U32),
            ("minimum", U32),
        ],
    ),
    row(7, "MB", NAME),
    row(8, "MG", NAME),
    row(9, "MR", NAME),
    raw(10, "NULL"),
    own(11, "WKS", special::wks),
    row(12, "PTR", NAME),
    row(13, "HINFO", &[("cpu", String), ("os", String)]),
    row(14, "MINFO", &[("rmailbx", Name), ("emailbx", Name)]),
    row(15, "MX", &[("preference", U16), ("exchange", Name)]),
    row(16, "TXT", STRINGS),
    row(17, "RP", &[("mailbox", Name), ("text", Name)]),
    row(18, "AFSDB", &[("subtype", U16), ("host", Name)]),
    row(19, "X25", &[("address", String)]),
    row(20, "ISDN", &[("address", String), ("subaddress", StringIfAny)]),
    row(21, "RT", &[("preference", U16), ("host", Name)]),
    row(22, "NSAP", &[("address", Prefixed)]),
    row(23, "NSAP-PTR", NAME),
    row(24, "SIG", &signed(KindOrNumber)),
    row(25, "KEY", KEY),
    row(26, "PX", &[("preference", U16), ("map822", Name), ("mapx400", Name)]),
    row(27, "GPOS", &[("longitude", String), ("latitude", String), ("altitude", String)]),
    row(28, "AAAA", &[("address", V6)]),
    own(29, "LOC", special::loc),
    row(30, "NXT", &[("next", Name), ("types", NxtKinds)]),
    row(31, "EID", &[("identifier", Hex)]),
    row(32, "NIMLOC", &[("locator", Hex)]),
    row(33, "SRV", &[("priority", U16), ("weight", U16), ("port", U16), ("target", Name)]),
    own(34, "ATMA", special::atma),
    row(
        35,
        "NAPTR",
        &[
            ("order", U16),
            ("preference", U16),
            ("flags", String),
            ("services", String),
            ("regexp", String),
            ("replacement", Name),
        ],
    ),
    row(36, "KX", &[("preference", U16), ("exchanger", Name)]),
    row(
        37,
        "CERT",
        &[("certificate_type", CertType), ("key_tag", U16), ("algorithm", SecAlgorithm), ("certificate", Base64)],
    ),
    own(38, "A6", special::a6),
    row(39, "DNAME", NAME),
    row(40, "SINK", &[("meaning", U8), ("coding", U8), ("subcoding", U8), ("data", Base64IfAny)]),
    raw(41, "OPT"),
    own(42, "APL", special::apl),
    row(43, "DS", DS),
    row(44, "SSHFP", &[("algorithm", U8), ("fingerprint_type", U8), ("fingerprint", HexIfAny)]),
    own(45, "IPSECKEY", special::ipseckey),
    row(46, "RRSIG", &signed(Kind)),
    row(47, "NSEC", &[("next", Name), ("types", Kinds)]),
    row(48, "DNSKEY", KEY),
    row(49, "DHCID", &[("data", Base64)]),
    row(
        50,
        "NSEC3",
        &[
            ("hash_algorithm", U8),
            ("flags", U8),
            ("iterations", U16),
            ("salt", Salt),
            ("next_hashed", Hash),
            ("types", Kinds),
        ],
    ),
    row(51, "NSEC3PARAM", &[("hash_algorithm", U8), ("flags", U8), ("iterations", U16), ("salt", Salt)]),
    row(52, "TLSA", TLSA),
    row(53, "SMIMEA", TLSA),
    own(55, "HIP", special::hip),
    row(56, "NINFO", STRINGS),
    row(57, "RKEY", KEY),
    row(58, "TALINK", &[("previous", Name), ("next", Name)]),
    row(59, "CDS", DS),
    row(60, "CDNSKEY", KEY),
    row(61, "OPENPGPKEY", &[("public_key", Base64)]),
    row(62, "CSYNC", &[("serial", U32), ("flags", U16), ("types", Kinds)]),
    row(63, "ZONEMD", &[("serial", U32), ("scheme", U8), ("hash_algorithm", U8), ("digest", Hex)]),
    row(64, "SVCB", SERVICE),
    row(65, "HTTPS", SERVICE),
    row(66, "DSYNC", &[("type", Kind), ("scheme", DsyncScheme), ("port", U16), ("target", Name)]),
    row(67, "HHIT", &[("data", Base64)]),
    row(68, "BRID", &[("data", Base64)]),
    row(99, "SPF", STRINGS),
    raw(100, "UINFO"),
    raw(101, "UID"),
    raw(102, "GID"),
    raw(103, "UNSPEC"),
    row(104, "NID", &[("preference", U16), ("node_id", Locator)]),
    row(105, "L32", &[("preference", U16), ("locator", V4)]),
    row(106, "L64", &[("preference", U16), ("locator", Locator)]),
    row(107, "LP", &[("preference", U16), ("name", Name)]),
    row(108, "EUI48", &[("address", Eui48)]),
    row(109, "EUI64", &[("address", Eui64)]),
    row(
        249,
        "TKEY",
        &[
            ("algorithm", Name),
            ("inception", U32),
            ("expiration", U32),
            ("mode", U16),
            ("error", TsigError),
            ("key", SizedOrGap),
            ("other", Sized),
        ],
    ),
    row(
        250,
        "TSIG",
        &[
            ("algorithm", Name),
            ("time_signed", U48),
            ("fudge", U16),
            ("mac", Sized),
            ("original_id", U16),
            ("error", TsigError),
            ("other", Sized),
        ],
    ),
    raw(251, "IXFR"),
    raw(252, "AXFR"),
    raw(253, "MAILB"),
    raw(254, "MAILA"),
    raw(255, "ANY"),
    row(256, "URI", &[("priority", U16), ("weight", U16), ("target", Rest)]),
    row(257, "CAA", &[("flags", U8), ("tag", Tag), ("value", Rest)]),
    row(258, "AVC", STRINGS),
    row(
        259,
        "DOA",
        &[("enterprise", U32), ("type", U32), ("location", U8), ("media_type", String), ("data", Base64OrDash)],
    ),
    own(260, "AMTRELAY", special::amtrelay),
    row(261, "RESINFO", STRINGS),
    row(262, "WALLET", STRINGS),
    row(32_768, "TA", DS),
    row(32_769, "DLV", DS),
];

/// What is known of a type.
pub(crate) fn of(number: u16) -> Option<&'static Type> {
    TYPES.binary_search_by_key(&number, |known| known.number).ok().map(|index| &TYPES[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_every_name_stands_once() {
        for pair in TYPES.windows(2) {
            assert!(pair[0].number < pair[1].number, "{}", pair[1].name);
        }
        let mut names: Vec<&str> = TYPES.iter().map(|known| known.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TYPES.len());
        assert_eq!(of(29).map(|known| known.name), Some("LOC"));
        assert!(of(54).is_none());
    }
}
