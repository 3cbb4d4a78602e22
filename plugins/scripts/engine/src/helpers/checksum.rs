//! Cyclic redundancy checks, by the names that protocols give them.

use std::rc::Rc;

use crc::{Crc, Table};
use rhai::{Dynamic, Engine, ImmutableString};

use crate::bytes::octets;
use crate::fault::{Failable, fine, wrong};
use crate::turn::Turn;

/// 16 bits: the name here, and the algorithm of the catalogue of parametrised CRC algorithms.
static CRC16: [(&str, Crc<u16, Table<1>>); 10] = [
    ("modbus", Crc::<u16, Table<1>>::new(&crc::CRC_16_MODBUS)),
    ("arc", Crc::<u16, Table<1>>::new(&crc::CRC_16_ARC)),
    ("ccitt", Crc::<u16, Table<1>>::new(&crc::CRC_16_IBM_3740)),
    ("xmodem", Crc::<u16, Table<1>>::new(&crc::CRC_16_XMODEM)),
    ("kermit", Crc::<u16, Table<1>>::new(&crc::CRC_16_KERMIT)),
    ("x25", Crc::<u16, Table<1>>::new(&crc::CRC_16_IBM_SDLC)),
    ("usb", Crc::<u16, Table<1>>::new(&crc::CRC_16_USB)),
    ("dnp", Crc::<u16, Table<1>>::new(&crc::CRC_16_DNP)),
    ("mcrf4xx", Crc::<u16, Table<1>>::new(&crc::CRC_16_MCRF4XX)),
    ("genibus", Crc::<u16, Table<1>>::new(&crc::CRC_16_GENIBUS)),
];

/// 32 bits.
static CRC32: [(&str, Crc<u32, Table<1>>); 4] = [
    ("ieee", Crc::<u32, Table<1>>::new(&crc::CRC_32_ISO_HDLC)),
    ("castagnoli", Crc::<u32, Table<1>>::new(&crc::CRC_32_ISCSI)),
    ("mpeg2", Crc::<u32, Table<1>>::new(&crc::CRC_32_MPEG_2)),
    ("bzip2", Crc::<u32, Table<1>>::new(&crc::CRC_32_BZIP2)),
];

/// The one of this name.
fn known<'a, C>(variants: &'a [(&'static str, C)], name: &str) -> Failable<&'a C> {
    match variants.iter().find(|(known, _)| *known == name) {
        Some((_, variant)) => Ok(variant),
        None => {
            let known: Vec<&str> = variants.iter().map(|(known, _)| *known).collect();
            wrong(format!("there is no variant `{name}`: there are {}", known.join(", ")))
        }
    }
}

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    let reader = Rc::clone(turn);
    let crc16 = move |variant: ImmutableString, value: Dynamic| {
        let bytes = octets(&value)?;
        reader.reads(bytes.len());
        fine(i64::from(known(&CRC16, &variant)?.checksum(&bytes)))
    };
    let reader = Rc::clone(turn);
    let crc32 = move |variant: ImmutableString, value: Dynamic| {
        let bytes = octets(&value)?;
        reader.reads(bytes.len());
        fine(i64::from(known(&CRC32, &variant)?.checksum(&bytes)))
    };
    engine.register_fn("crc16", crc16).register_fn("crc32", crc32);
}
