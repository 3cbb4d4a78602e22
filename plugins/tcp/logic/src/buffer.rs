//! What one connection has received and nobody has cleared yet, in order from the first byte.
//!
//! Reading never consumes; only [`ReceiveBuffer::clear`] and [`ReceiveBuffer::forget`]
//! free. Nothing else is ever dropped: who reads the socket asks [`ReceiveBuffer::space`]
//! first and pauses when there is none. How a read is cut into pages and shown is not here
//! but in [`crate::reading`].

/// Payload a connection may hold unless set otherwise: exactly 64 MiB.
pub const DEFAULT_LIMIT: usize = 64 << 20;

/// The most bytes one block holds, so that growing never copies what is already there.
const BLOCK: usize = 64 << 10;

/// The least room a block is made with; an idle connection with a short greeting costs this much.
const SMALLEST_BLOCK: usize = 128;

/// Received bytes with their chunk boundaries and absolute offsets.
///
/// *Offsets* count the bytes of the connection from its first one and never go back, so that a
/// cursor survives a clear. A *chunk* is what one read returned. Its boundary costs 8 bytes, so at
/// most `limit / 64` boundaries are kept (1,048,576 by default): once that many chunks are held,
/// whatever comes joins the last one until the next clear. Boundaries therefore never cost more
/// than an eighth of the limit (three sixteenths while their list grows), even if a peer sends
/// single bytes. Blocks waste at most half of what is held, and never more than one block.
#[derive(Debug)]
pub struct ReceiveBuffer {
    limit: usize,
    /// Blocks in order. All but the last are full.
    blocks: Vec<Block>,
    /// The absolute offset after each chunk.
    chunk_ends: Vec<u64>,
    /// Offset of the first byte held.
    first: u64,
    /// Offset after the last byte received.
    end: u64,
}

#[derive(Debug)]
struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Default for ReceiveBuffer {
    fn default() -> ReceiveBuffer {
        ReceiveBuffer::new(DEFAULT_LIMIT)
    }
}

impl ReceiveBuffer {
    /// An empty buffer for `limit` bytes of payload. It allocates nothing before the first byte.
    pub fn new(limit: usize) -> ReceiveBuffer {
        ReceiveBuffer { limit, blocks: Vec::new(), chunk_ends: Vec::new(), first: 0, end: 0 }
    }

    /// Bytes of payload this buffer may hold.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many more bytes may be read from the socket now; 0 means that reading has to pause.
    pub fn space(&self) -> usize {
        self.limit.saturating_sub(self.total_bytes())
    }

    /// Appends what one read returned, as one chunk. An empty chunk leaves no trace.
    ///
    /// Everything is kept, even beyond the limit: keeping to
    /// [`space`](Self::space) is the reader's part.
    pub fn push(&mut self, chunk: &[u8]) {
        if chunk.is_empty() {
            return;
        }
        let mut rest = chunk;
        while !rest.is_empty() {
            let held = self.total_bytes();
            let block = match self.blocks.last_mut() {
                Some(last) if last.bytes.len() < last.bytes.capacity().min(BLOCK) => last,
                _ => {
                    let room = rest.len().max(held).clamp(SMALLEST_BLOCK, BLOCK);
                    self.blocks.push(Block { start: self.end, bytes: Vec::with_capacity(room) });
                    match self.blocks.last_mut() {
                        Some(block) => block,
                        None => return,
                    }
                }
            };
            let fits = (block.bytes.capacity().min(BLOCK) - block.bytes.len()).min(rest.len());
            block.bytes.extend_from_slice(&rest[..fits]);
            self.end += fits as u64;
            rest = &rest[fits..];
        }
        let full = self.chunk_ends.len() >= (self.limit / 64).max(16);
        match self.chunk_ends.last_mut() {
            Some(last) if full => *last = self.end,
            _ => self.chunk_ends.push(self.end),
        }
    }

    /// Forgets every byte held and frees its memory. Offsets go on counting.
    pub fn clear(&mut self) {
        self.blocks = Vec::new();
        self.chunk_ends = Vec::new();
        self.first = self.end;
    }

    /// Forgets the bytes before an absolute offset; those that are held from there on stay.
    /// Says how many they were.
    pub fn forget(&mut self, until: u64) -> usize {
        let until = until.clamp(self.first, self.end);
        if until == self.end {
            let held = self.total_bytes();
            self.clear();
            return held;
        }
        let whole = self.blocks.partition_point(|block| block.start + block.bytes.len() as u64 <= until);
        self.blocks.drain(..whole);
        if let Some(block) = self.blocks.first_mut() {
            let part = usize::try_from(until.saturating_sub(block.start)).unwrap_or(0);
            block.bytes.drain(..part);
            block.start += part as u64;
        }
        let chunks = self.chunk_ends.partition_point(|end| *end <= until);
        self.chunk_ends.drain(..chunks);
        let forgotten = usize::try_from(until - self.first).unwrap_or(usize::MAX);
        self.first = until;
        forgotten
    }

    /// Number of chunks held.
    pub fn chunks(&self) -> usize {
        self.chunk_ends.len()
    }

    /// Bytes held.
    pub fn total_bytes(&self) -> usize {
        usize::try_from(self.end - self.first).unwrap_or(usize::MAX)
    }

    /// Bytes ever received, cleared ones included: the offset that the next byte will have.
    pub fn bytes_received(&self) -> u64 {
        self.end
    }

    /// Offset of the first byte held; equal to
    /// [`bytes_received`](Self::bytes_received) if there is none.
    pub fn first_offset(&self) -> u64 {
        self.first
    }

    /// Heap memory in bytes, what is reserved but unused included.
    pub fn heap_bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.bytes.capacity()).sum::<usize>()
            + self.blocks.capacity() * size_of::<Block>()
            + self.chunk_ends.capacity() * size_of::<u64>()
    }

    /// The offsets of chunk `index`, first byte and one after the last. `None` past the last chunk.
    pub fn chunk(&self, index: usize) -> Option<(u64, u64)> {
        let end = *self.chunk_ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(previous) => self.chunk_ends[previous],
            None => self.first,
        };
        Some((start, end))
    }

    /// The bytes held from `from` (an absolute offset), at most `length` of them,
    /// as the slices they lie in.
    ///
    /// Offsets that are not held are left out: the first slice begins at `from`
    /// or at the first byte held.
    pub fn slices(&self, from: u64, length: u64) -> impl Iterator<Item = &[u8]> {
        let to = from.saturating_add(length).min(self.end);
        let from = from.max(self.first);
        let block = self.blocks.partition_point(|block| block.start + block.bytes.len() as u64 <= from);
        self.blocks[block..].iter().map_while(move |block| {
            let skip = usize::try_from(from.saturating_sub(block.start)).ok()?;
            let stop = usize::try_from(to.checked_sub(block.start)?).ok()?.min(block.bytes.len());
            block.bytes.get(skip..stop).filter(|slice| !slice.is_empty())
        })
    }

    /// The byte at an absolute offset, if it is held.
    pub fn byte(&self, offset: u64) -> Option<u8> {
        if offset < self.first {
            return None;
        }
        self.slices(offset, 1).next().map(|slice| slice[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_buffer_costs_next_to_nothing() {
        let mut buffer = ReceiveBuffer::default();
        assert_eq!(size_of::<ReceiveBuffer>() + buffer.heap_bytes(), 72);
        assert_eq!(buffer.space(), 64 << 20);
        buffer.push(b"220 ready\r\n");
        assert!(buffer.heap_bytes() < 512);
        buffer.clear();
        assert_eq!(buffer.heap_bytes(), 0);
    }

    #[test]
    fn offsets_never_go_back() {
        let mut buffer = ReceiveBuffer::new(100);
        buffer.push(b"abc");
        buffer.push(b"");
        buffer.push(b"de");
        assert_eq!((buffer.chunks(), buffer.total_bytes(), buffer.space()), (2, 5, 95));
        assert_eq!((buffer.chunk(0), buffer.chunk(1), buffer.chunk(2)), (Some((0, 3)), Some((3, 5)), None));
        buffer.clear();
        assert_eq!((buffer.chunks(), buffer.total_bytes(), buffer.space()), (0, 0, 100));
        assert_eq!((buffer.first_offset(), buffer.bytes_received()), (5, 5));
        buffer.push(b"fg");
        assert_eq!(buffer.chunk(0), Some((5, 7)));
        assert_eq!(buffer.slices(0, 100).collect::<Vec<_>>(), [b"fg"]);
        assert_eq!(
            (buffer.byte(4), buffer.byte(5), buffer.byte(6), buffer.byte(7)),
            (None, Some(b'f'), Some(b'g'), None)
        );
    }

    #[test]
    fn the_oldest_bytes_can_be_forgotten() {
        let mut buffer = ReceiveBuffer::new(1 << 20);
        let all: Vec<u8> = (0..200_000u32).map(|n| n.to_le_bytes()[0]).collect();
        all.chunks(1000).for_each(|chunk| buffer.push(chunk));
        for until in [0, 1, 999, 1000, 65_537, 131_072, 199_999] {
            let first = buffer.first_offset();
            assert_eq!(buffer.forget(until) as u64, until - first);
            assert_eq!((buffer.first_offset(), buffer.bytes_received()), (until, 200_000));
            assert!(buffer.slices(0, u64::MAX).flatten().eq(&all[until as usize..]), "{until}");
            assert_eq!(buffer.chunks() as u64, (200_000 - until).div_ceil(1000));
            assert_eq!(buffer.chunk(0), Some((until, (until / 1000 + 1) * 1000)));
        }
        buffer.push(b"more");
        assert_eq!(
            buffer.slices(0, u64::MAX).flatten().copied().collect::<Vec<_>>(),
            [all[199_999], b'm', b'o', b'r', b'e']
        );
        assert_eq!((buffer.forget(5), buffer.forget(u64::MAX), buffer.heap_bytes()), (0, 5, 0));
        assert_eq!(buffer.first_offset(), 200_004);
    }

    #[test]
    fn nothing_is_dropped_beyond_the_limit() {
        let mut buffer = ReceiveBuffer::new(4);
        buffer.push(b"abcdef");
        assert_eq!((buffer.space(), buffer.total_bytes()), (0, 6));
    }

    #[test]
    fn single_bytes_cost_less_than_twice_the_limit() {
        let mut buffer = ReceiveBuffer::new(4 << 20);
        let mut peak = 0;
        while buffer.space() > 0 {
            buffer.push(b"x");
            peak = peak.max(buffer.heap_bytes());
        }
        assert_eq!(buffer.chunks(), (4 << 20) / 64);
        assert!(peak <= (4 << 20) * 9 / 8 + (128 << 10), "{peak}");
        let last = buffer.chunk(buffer.chunks() - 1).unwrap();
        assert_eq!(last, ((4 << 20) / 64 - 1, 4 << 20));
    }
}
