//! gzip as a stream (RFC 1952): all that can be decompressed, member after member, as `zcat`
//! writes it. A fault is reported beside the data and ends the stream. Only a file that
//! cannot be read is an error.

use std::io::{self, BufRead, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::fault::{Fault, Faults};

/// Bytes that are decompressed at a time: more than deflate's window, so that nothing stays behind
/// in the decompressor when it fails.
const OUT: usize = 64 << 10;

/// Flags of a header that have a meaning here; any other is one that no decompressor knows.
const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Header,
    Data,
    Trailer,
    Nothing,
}

/// A header that is none.
enum Bad {
    Fault(Fault),
    Io(io::Error),
}

impl From<io::Error> for Bad {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Fault(Fault::GzipTruncated),
            _ => Self::Io(error),
        }
    }
}

/// The decompressed text of a gzip file.
pub(crate) struct Gunzip<R> {
    file: R,
    faults: Faults,
    next: Next,
    /// Whether a member was read to its end.
    whole: bool,
    inflate: Decompress,
    sum: Crc,
    out: Vec<u8>,
    /// How much of `out` was given out.
    given: usize,
}

/// The bytes at hand; none at the end.
fn at_hand(file: &mut impl BufRead) -> io::Result<&[u8]> {
    while let Err(error) = file.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // What is buffered is given again without a further read.
    file.fill_buf()
}

impl<R: BufRead> Gunzip<R> {
    pub fn new(file: R, faults: Faults) -> Self {
        let inflate = Decompress::new(false);
        Self { file, faults, next: Next::Header, whole: false, inflate, sum: Crc::new(), out: Vec::new(), given: 0 }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut one = [0];
        self.file.read_exact(&mut one)?;
        Ok(one[0])
    }

    /// Passes over zeros, with which tapes are filled up; whether the file ends behind them.
    fn zeros(&mut self) -> io::Result<bool> {
        loop {
            let bytes = at_hand(&mut self.file)?;
            if bytes.is_empty() {
                return Ok(true);
            }
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                return Ok(false);
            }
            self.file.consume(zeros);
        }
    }

    /// Reads a member's header; false if the file ends where one could begin.
    fn header(&mut self) -> Result<bool, Bad> {
        if self.whole {
            let padded = at_hand(&mut self.file)?.first() == Some(&0);
            if self.zeros()? {
                return Ok(false);
            }
            if padded {
                return Err(Bad::Fault(Fault::GzipTrailing));
            }
        }
        let strange = if self.whole { Fault::GzipTrailing } else { Fault::GzipCorrupt };
        if self.byte()? != 0x1f || self.byte()? != 0x8b {
            return Err(Bad::Fault(strange));
        }
        let (method, flags) = (self.byte()?, self.byte()?);
        if method != 8 || flags & RESERVED != 0 {
            return Err(Bad::Fault(Fault::GzipCorrupt));
        }
        // The time, how it was compressed and where.
        self.file.read_exact(&mut [0; 6])?;
        if flags & FEXTRA != 0 {
            let length = u16::from_le_bytes([self.byte()?, self.byte()?]);
            self.file.read_exact(&mut vec![0; usize::from(length)])?;
        }
        for text in [FNAME, FCOMMENT] {
            while flags & text != 0 && self.byte()? != 0 {}
        }
        if flags & FHCRC != 0 {
            self.file.read_exact(&mut [0; 2])?;
        }
        Ok(true)
    }

    /// Decompresses some more.
    fn data(&mut self) -> io::Result<()> {
        self.out.resize(OUT, 0);
        self.given = OUT;
        let input = at_hand(&mut self.file)?;
        let ended = input.is_empty();
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        let done = self.inflate.decompress(input, &mut self.out, FlushDecompress::None);
        let count = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(0);
        let (read, written) = (count(self.inflate.total_in(), read), count(self.inflate.total_out(), written));
        self.file.consume(read);
        self.out.truncate(written);
        self.given = 0;
        self.sum.update(&self.out);
        match done {
            Ok(Status::StreamEnd) => self.next = Next::Trailer,
            Ok(_) if ended && written == 0 => self.end(Fault::GzipTruncated),
            Ok(_) => {}
            Err(_) => self.end(Fault::GzipCorrupt),
        }
        Ok(())
    }

    /// Compares what was decompressed with what its member says of it.
    fn trailer(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        match self.file.read_exact(&mut trailer) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.end(Fault::GzipTruncated);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let told = u64::from_le_bytes(trailer);
        if told != u64::from(self.sum.sum()) | u64::from(self.sum.amount()) << 32 {
            self.end(Fault::GzipChecksum);
            return Ok(());
        }
        self.inflate.reset(false);
        self.sum.reset();
        (self.whole, self.next) = (true, Next::Header);
        Ok(())
    }

    fn end(&mut self, fault: Fault) {
        self.faults.tell(fault);
        self.next = Next::Nothing;
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let rest = self.out.get(self.given..).unwrap_or_default();
            if !rest.is_empty() || buffer.is_empty() {
                let n = rest.len().min(buffer.len());
                buffer[..n].copy_from_slice(&rest[..n]);
                self.given += n;
                return Ok(n);
            }
            match self.next {
                Next::Nothing => return Ok(0),
                Next::Data => self.data()?,
                Next::Trailer => self.trailer()?,
                Next::Header => match self.header() {
                    Ok(true) => self.next = Next::Data,
                    Ok(false) => self.next = Next::Nothing,
                    Err(Bad::Fault(fault)) => self.end(fault),
                    Err(Bad::Io(error)) => return Err(error),
                },
            }
        }
    }
}
