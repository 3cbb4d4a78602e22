//! What the statuses of replies are called.

/// The name of a status (RFC 6895, section 2.3); `None` for one that dig has no name for.
pub(crate) fn name(number: u16) -> Option<&'static str> {
    Some(match number {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        11 => "RESERVED11",
        12 => "RESERVED12",
        13 => "RESERVED13",
        14 => "RESERVED14",
        15 => "RESERVED15",
        16 => "BADVERS",
        23 => "BADCOOKIE",
        _ => return None,
    })
}
