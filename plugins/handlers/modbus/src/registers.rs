//! Registers as values: a register has 16 bits, the high byte first. How several make one value is
//! not in the specification: devices have either order of the registers.

use handler_kit::{Failure, Value, shown};

/// What registers are read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A number without sign, of one register.
    #[default]
    U16,
    /// A number with sign, of one register.
    I16,
    /// Two registers.
    U32,
    /// Two registers.
    I32,
    /// Four registers.
    U64,
    /// Four registers.
    I64,
    /// IEEE 754, two registers.
    F32,
    /// IEEE 754, four registers.
    F64,
    /// Two characters in each register, the high byte first.
    Text,
}

/// The order of the registers of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WordOrder {
    /// The register with the highest bits has the lowest address.
    #[default]
    HighFirst,
    /// The register with the lowest bits has the lowest address.
    LowFirst,
}

/// The names of all types.
pub const KINDS: [(Kind, &str); 9] = [
    (Kind::U16, "u16"),
    (Kind::I16, "i16"),
    (Kind::U32, "u32"),
    (Kind::I32, "i32"),
    (Kind::U64, "u64"),
    (Kind::I64, "i64"),
    (Kind::F32, "f32"),
    (Kind::F64, "f64"),
    (Kind::Text, "text"),
];

impl Kind {
    /// How many registers a value has. Of text, one holds two characters.
    pub fn registers(self) -> usize {
        match self {
            Self::U16 | Self::I16 | Self::Text => 1,
            Self::U32 | Self::I32 | Self::F32 => 2,
            Self::U64 | Self::I64 | Self::F64 => 4,
        }
    }

    /// Whether a value is more than a number of one register, so that its bytes are worth showing.
    pub fn is_made(self) -> bool {
        !matches!(self, Self::U16 | Self::I16)
    }
}

/// The values of these bytes of registers; what is left of them makes no value.
pub fn values(bytes: &[u8], kind: Kind, order: WordOrder) -> Value {
    if kind == Kind::Text {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        return shown(&bytes[..end]);
    }
    bytes.chunks_exact(2 * kind.registers()).map(|chunk| value(chunk, kind, order)).collect()
}

fn value(chunk: &[u8], kind: Kind, order: WordOrder) -> Value {
    let mut bits = 0u64;
    let registers = chunk.chunks_exact(2).map(|register| u64::from(register[0]) << 8 | u64::from(register[1]));
    match order {
        WordOrder::HighFirst => registers.for_each(|register| bits = bits << 16 | register),
        WordOrder::LowFirst => registers.rev().for_each(|register| bits = bits << 16 | register),
    }
    match kind {
        Kind::U16 | Kind::U32 | Kind::U64 | Kind::Text => bits.into(),
        Kind::I16 => (bits as u16 as i16).into(),
        Kind::I32 => (bits as u32 as i32).into(),
        Kind::I64 => (bits as i64).into(),
        // A number that takes as few digits as the 32 bits need.
        Kind::F32 => {
            let number = f32::from_bits(bits as u32);
            number.to_string().parse::<f64>().map_or(Value::Null, float)
        }
        Kind::F64 => float(f64::from_bits(bits)),
    }
}

/// A floating point number; JSON has none for these three.
fn float(number: f64) -> Value {
    match number {
        n if n.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        n => n.into(),
    }
}

/// The bytes of registers that hold these values.
///
/// # Errors
/// A value is none of the type; the failure names it.
pub fn bytes_of(values: &Value, kind: Kind, order: WordOrder, member: &str) -> Result<Vec<u8>, Failure> {
    if kind == Kind::Text {
        let mut bytes = handler_kit::bytes_of(values, member)?;
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        return Ok(bytes);
    }
    let Value::Array(values) = values else {
        return Err(Failure::of(member, "it is an array of values"));
    };
    let mut bytes = Vec::with_capacity(values.len() * 2 * kind.registers());
    for (index, value) in values.iter().enumerate() {
        let bits = bits(value, kind).ok_or_else(|| {
            let name = KINDS.iter().find(|(own, _)| *own == kind).map_or("", |(_, name)| name);
            Failure::of(format!("{member}[{index}]"), format!("{value} is no {name}"))
        })?;
        let high_first = bits.to_be_bytes();
        let registers = high_first[8 - 2 * kind.registers()..].chunks_exact(2);
        match order {
            WordOrder::HighFirst => registers.for_each(|register| bytes.extend_from_slice(register)),
            WordOrder::LowFirst => registers.rev().for_each(|register| bytes.extend_from_slice(register)),
        }
    }
    Ok(bytes)
}

/// The bits of one value, in the lowest places.
fn bits(value: &Value, kind: Kind) -> Option<u64> {
    let signed = |bits: u32| {
        let bound = 1i64 << (bits - 1);
        value.as_i64().filter(|number| (-bound..bound).contains(number)).map(|number| number as u64)
    };
    let unsigned = |most: u64| value.as_u64().filter(|number| *number <= most);
    match kind {
        Kind::U16 => unsigned(u16::MAX.into()),
        Kind::U32 => unsigned(u32::MAX.into()),
        Kind::U64 => unsigned(u64::MAX),
        Kind::I16 => signed(16),
        Kind::I32 => signed(32),
        Kind::I64 => value.as_i64().map(|number| number as u64),
        Kind::F32 => {
            let number = value.as_f64()?;
            let short = number as f32;
            (short.is_finite() || !number.is_finite()).then(|| short.to_bits().into())
        }
        Kind::F64 => value.as_f64().map(f64::to_bits),
        Kind::Text => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handler_kit::json;

    #[test]
    fn each_type_goes_both_ways_in_both_orders() {
        for (kind, values_in, high_first) in [
            (Kind::U16, json!([0, 65535]), "0000ffff"),
            (Kind::I16, json!([-1, -32768]), "ffff8000"),
            (Kind::U32, json!([0x1234_5678u32]), "12345678"),
            (Kind::I32, json!([-2]), "fffffffe"),
            (Kind::U64, json!([u64::MAX - 1]), "fffffffffffffffe"),
            (Kind::I64, json!([i64::MIN]), "8000000000000000"),
            (Kind::F32, json!([21.5]), "41ac0000"),
            (Kind::F32, json!([0.1]), "3dcccccd"),
            (Kind::F64, json!([-0.5]), "bfe0000000000000"),
        ] {
            let bytes = bytes_of(&values_in, kind, WordOrder::HighFirst, "values").unwrap();
            assert_eq!(handler_kit::hex(&bytes), high_first, "{kind:?}");
            assert_eq!(values(&bytes, kind, WordOrder::HighFirst), values_in, "{kind:?}");
            let low_first = bytes_of(&values_in, kind, WordOrder::LowFirst, "values").unwrap();
            assert_eq!(values(&low_first, kind, WordOrder::LowFirst), values_in, "{kind:?}");
            assert_eq!(kind.registers() == 1, low_first == bytes, "{kind:?}");
        }
    }

    #[test]
    fn text_has_two_characters_in_a_register() {
        let bytes = bytes_of(&json!("abc"), Kind::Text, WordOrder::HighFirst, "values").unwrap();
        assert_eq!(bytes, b"abc\0");
        assert_eq!(values(&bytes, Kind::Text, WordOrder::HighFirst), json!("abc"));
        assert_eq!(values(b"\xff\0", Kind::Text, WordOrder::HighFirst), json!({ "base64": "/w==" }));
        assert_eq!(values(b"\0\0", Kind::Text, WordOrder::HighFirst), json!(""));
    }

    #[test]
    fn numbers_that_are_none_are_told() {
        assert_eq!(
            values(b"\x7f\xc0\0\0\x7f\x80\0\0\xff\x80\0\0", Kind::F32, WordOrder::HighFirst),
            json!(["NaN", "Infinity", "-Infinity"])
        );
    }

    #[test]
    fn what_is_no_value_of_the_type_is_named() {
        for (kind, bad) in [
            (Kind::U16, json!([1, 65536])),
            (Kind::U16, json!([1, -1])),
            (Kind::I16, json!([1, 32768])),
            (Kind::U16, json!([1, 1.5])),
            (Kind::I32, json!([1, 2_147_483_648u32])),
            (Kind::F32, json!([1, 1e300])),
            (Kind::F64, json!([1, "2"])),
        ] {
            let failure = bytes_of(&bad, kind, WordOrder::HighFirst, "values").unwrap_err();
            assert_eq!(failure.member.as_deref(), Some("values[1]"), "{bad}: {failure}");
        }
    }
}
