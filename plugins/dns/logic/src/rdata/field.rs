//! Of which parts a record's data can consist, as the table of types names them.

use super::special;

/// How the data of a type is read.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// Part by part.
    Fields(&'static [(&'static str, Field)]),
    /// By a function of its own.
    Special(special::Read),
    /// It is bytes.
    Unknown,
}

/// What a field is on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    U8,
    U16,
    U32,
    U48,
    V4,
    V6,
    /// A name, compressed or not.
    Name,
    /// One `<character-string>`.
    String,
    /// One `<character-string>` that may be missing.
    StringIfAny,
    /// All that is left, as `<character-string>`s; at least one.
    Strings,
    /// All that is left, as one string without a length.
    Rest,
    /// A tag with a length before it, not quoted (CAA).
    Tag,
    /// A type, by its name.
    Kind,
    /// A type, by its name; a bare number if it has none (SIG).
    KindOrNumber,
    /// Seconds since 1970, shown as a date (RRSIG).
    Time,
    /// A length and so many bytes in hex, `-` for none (NSEC3 salts).
    Salt,
    /// A length and so many bytes in base32 (NSEC3 names).
    Hash,
    /// All that is left, in hex.
    Hex,
    /// The same; nothing may be left.
    HexIfAny,
    /// All that is left, in hex behind `0x` (NSAP).
    Prefixed,
    /// All that is left, in base64.
    Base64,
    /// The same; nothing may be left.
    Base64IfAny,
    /// The same in one word, `-` for nothing (DOA).
    Base64OrDash,
    /// A length of two bytes and so many bytes in base64: two words, one for none (TSIG).
    Sized,
    /// The same, with a gap for none (TKEY).
    SizedOrGap,
    /// Six bytes with hyphens.
    Eui48,
    /// Eight bytes with hyphens.
    Eui64,
    /// Eight bytes as four groups (RFC 6742).
    Locator,
    /// All that is left, as a list of types (NSEC).
    Kinds,
    /// The same in the older form without windows (NXT, RFC 2535 section 5.2).
    NxtKinds,
    /// All that is left, as parameters of a service (RFC 9460).
    Parameters,
    /// Two bytes: what a CERT certifies.
    CertType,
    /// One byte: an algorithm, by its name.
    SecAlgorithm,
    /// Two bytes: an error of TSIG.
    TsigError,
    /// One byte: a scheme of DSYNC.
    DsyncScheme,
}
