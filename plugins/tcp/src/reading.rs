//! `tcp_read_buffer`: a page of what a connection holds.

use cofferdam_sdk::{Failure, Integer};
use tcp_logic::{Encoding, offset_and_limit};

use crate::answers::ReadAnswer;
use crate::arguments;
use crate::connection::Connection;

/// Reads by chunks or by bytes; nothing is consumed.
pub fn read(connection: &Connection, a: &arguments::Read) -> Result<ReadAnswer, Failure> {
    let refused = |error: tcp_logic::ReadError| Failure::new("invalid_argument", error);
    let integer = |given: Option<Integer>| given.map(|Integer(value)| value);
    let by_bytes = a.offset.is_some() || a.limit.is_some();
    if by_bytes && (a.index.is_some() || a.count.is_some()) {
        return Err(Failure::new(
            "invalid_argument",
            "`index` and `count` are chunks, `offset` and `limit` bytes: give one pair",
        ));
    }
    let buffer = connection.buffer.borrow();
    let reading = if by_bytes {
        let (offset, limit) = offset_and_limit(integer(a.offset), integer(a.limit)).map_err(refused)?;
        buffer.read_bytes(offset, limit)
    } else {
        buffer.read_chunks(integer(a.index), integer(a.count)).map_err(refused)?
    };
    let encoding = Encoding::from(a.format);
    let (data, next_offset) = match encoding {
        Encoding::Utf8 => {
            let text = reading.text(connection.is_connected());
            (text.strings, text.next_offset)
        }
        _ => (reading.pieces.iter().map(|piece| tcp_logic::encode(piece, encoding)).collect(), reading.next_offset),
    };
    Ok(ReadAnswer {
        connection_id: connection.id.clone(),
        chunks: buffer.chunks(),
        data,
        format: encoding.name(),
        offset: reading.first_offset,
        next_offset,
        more: reading.more,
        reading_paused: connection.is_paused(),
    })
}
