//! Words that stand for numbers in records, where dig writes the word.

use crate::status;

/// What is certified (RFC 4398, section 2.1).
pub(super) fn cert_type(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "PKIX",
        2 => "SPKI",
        3 => "PGP",
        4 => "IPKIX",
        5 => "ISPKI",
        6 => "IPGP",
        7 => "ACPKIX",
        8 => "IACPKIX",
        253 => "URI",
        254 => "OID",
        _ => return None,
    })
}

/// Algorithms of keys (IANA's registry of DNSSEC algorithm numbers).
pub(super) fn algorithm(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "RSAMD5",
        2 => "DH",
        3 => "DSA",
        5 => "RSASHA1",
        6 => "NSEC3DSA",
        7 => "NSEC3RSASHA1",
        8 => "RSASHA256",
        10 => "RSASHA512",
        12 => "ECCGOST",
        13 => "ECDSAP256SHA256",
        14 => "ECDSAP384SHA384",
        15 => "ED25519",
        16 => "ED448",
        252 => "INDIRECT",
        253 => "PRIVATEDNS",
        254 => "PRIVATEOID",
        _ => return None,
    })
}

/// Errors of TSIG and TKEY: those of messages, and their own (RFC 8945, section 3).
pub(super) fn tsig_error(number: u16) -> Option<&'static str> {
    Some(match number {
        16 => "BADSIG",
        17 => "BADKEY",
        18 => "BADTIME",
        19 => "BADMODE",
        20 => "BADNAME",
        21 => "BADALG",
        22 => "BADTRUNC",
        other => return status::name(other).filter(|_| other < 16),
    })
}

/// How a parent is told (RFC 9859, section 2.2).
pub(super) fn dsync_scheme(number: u16) -> Option<&'static str> {
    (number == 1).then_some("NOTIFY")
}
