//! The bytes of a SLIP frame (RFC 1055): an end, and the two escapes.

/// Ends a frame. Many senders begin one with it as well.
pub const END: u8 = 0xc0;
const ESC: u8 = 0xdb;
const ESC_END: u8 = 0xdc;
const ESC_ESC: u8 = 0xdd;

/// The payload of a frame that stands there without its end.
///
/// # Errors
/// An escape is none of the two.
pub fn decode(frame: &[u8]) -> Result<Vec<u8>, String> {
    let mut payload = Vec::with_capacity(frame.len());
    let mut rest = frame;
    while let Some(at) = memchr::memchr(ESC, rest) {
        payload.extend_from_slice(&rest[..at]);
        match rest.get(at + 1) {
            Some(&ESC_END) => payload.push(END),
            Some(&ESC_ESC) => payload.push(ESC),
            Some(other) => return Err(format!("SLIP knows no escape of {other:02x}")),
            None => return Err("a SLIP frame ends within an escape".to_owned()),
        }
        rest = &rest[at + 2..];
    }
    payload.extend_from_slice(rest);
    Ok(payload)
}

/// A frame of this payload, with an end before it, which ends what noise there was, and one behind.
pub fn encode(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![END];
    let mut rest = payload;
    while let Some(at) = memchr::memchr2(END, ESC, rest) {
        frame.extend_from_slice(&rest[..at]);
        frame.extend_from_slice(&[ESC, if rest[at] == END { ESC_END } else { ESC_ESC }]);
        rest = &rest[at + 1..];
    }
    frame.extend_from_slice(rest);
    frame.push(END);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_go_both_ways() {
        let payload = [1, END, 2, ESC, ESC, ESC_END, 3];
        let frame = encode(&payload);
        assert_eq!(frame, [END, 1, ESC, ESC_END, 2, ESC, ESC_ESC, ESC, ESC_ESC, ESC_END, 3, END]);
        assert_eq!(decode(&frame[1..frame.len() - 1]).unwrap(), payload);
        assert!(decode(&[1, ESC, 2]).unwrap_err().contains("02"));
        assert!(decode(&[ESC]).is_err());
    }
}
