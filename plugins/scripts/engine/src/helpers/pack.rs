//! Numbers as bytes and back, by a format: `u16be i8 f32le`.

use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, ImmutableString};

use crate::bytes::{Bytes, kind};
use crate::fault::{Failable, wrong};
use crate::turn::Turn;

/// One number of a format.
#[derive(Clone, Copy)]
struct Field {
    class: Class,
    size: usize,
    big: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Unsigned,
    Signed,
    Float,
}

/// The numbers of a format.
fn fields(turn: &Turn, format: &str) -> Failable<Vec<Field>> {
    let names: Vec<&str> = format.split([' ', ',']).filter(|name| !name.is_empty()).collect();
    turn.holds(names.len())?;
    turn.costs(u64::try_from(names.len()).unwrap_or(u64::MAX));
    names.into_iter().map(field).collect()
}

fn field(name: &str) -> Failable<Field> {
    let known = || {
        wrong(format!(
            "there is no number `{name}`: there are u8, i8, and u or i 16, 32, 64, or f 32, 64 with be or le"
        ))
    };
    let Some((letter, rest)) = name.split_at_checked(1) else { return known() };
    let class = match letter {
        "u" => Class::Unsigned,
        "i" => Class::Signed,
        "f" => Class::Float,
        _ => return known(),
    };
    let (bits, big) = match (rest.strip_suffix("be"), rest.strip_suffix("le")) {
        (Some(bits), _) => (bits, true),
        (_, Some(bits)) => (bits, false),
        _ if rest == "8" => (rest, true),
        _ => return known(),
    };
    let size = match (bits, class) {
        ("8", Class::Unsigned | Class::Signed) => 1,
        ("16", Class::Unsigned | Class::Signed) => 2,
        ("32", _) => 4,
        ("64", _) => 8,
        _ => return known(),
    };
    Ok(Field { class, size, big })
}

/// A number's bytes, the least significant first.
fn bytes(field: Field, value: &Dynamic) -> Failable<[u8; 8]> {
    if field.class == Class::Float {
        let number = match (value.as_float(), value.as_int()) {
            (Ok(number), _) => number,
            // Integers are floats as well.
            (_, Ok(number)) => number as f64,
            _ => return wrong(format!("it takes a number, not {}", kind(value))),
        };
        let mut bytes = [0; 8];
        match field.size {
            4 => bytes[..4].copy_from_slice(&(number as f32).to_le_bytes()),
            _ => bytes = number.to_le_bytes(),
        }
        return Ok(bytes);
    }
    let Ok(number) = value.as_int() else {
        return wrong(format!("it takes an int, not {}", kind(value)));
    };
    let bits = field.size * 8;
    let (least, most) = match field.class {
        Class::Signed => (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits)),
        _ if bits == 64 => (0, i64::MAX),
        _ => (0, (1 << bits) - 1),
    };
    if !(least..=most).contains(&number) {
        return wrong(format!("{number} is not in {least} to {most}"));
    }
    Ok(number.to_le_bytes())
}

/// The number of its bytes.
fn number(field: Field, bytes: &[u8]) -> Failable<Dynamic> {
    let mut ordered = [0; 8];
    for (at, byte) in bytes.iter().enumerate() {
        ordered[if field.big { field.size - 1 - at } else { at }] = *byte;
    }
    let raw = u64::from_le_bytes(ordered);
    let unused = 64 - field.size * 8;
    match field.class {
        Class::Float if field.size == 4 => {
            Ok(f64::from(f32::from_le_bytes([ordered[0], ordered[1], ordered[2], ordered[3]])).into())
        }
        Class::Float => Ok(f64::from_bits(raw).into()),
        // The sign is moved to the top and back.
        Class::Signed => Ok(((raw << unused).cast_signed() >> unused).into()),
        Class::Unsigned => match i64::try_from(raw) {
            Ok(number) => Ok(number.into()),
            Err(_) => wrong(format!("{raw} is more than an int holds; read it as i64")),
        },
    }
}

fn packed(turn: &Turn, format: &str, values: &[Dynamic]) -> Failable<Bytes> {
    let fields = fields(turn, format)?;
    if fields.len() != values.len() {
        return wrong(format!("the format has {} numbers, the list {}", fields.len(), values.len()));
    }
    let mut packed = Vec::new();
    for (field, value) in fields.into_iter().zip(values) {
        let bytes = bytes(field, value)?;
        let bytes = &bytes[..field.size];
        match field.big {
            true => packed.extend(bytes.iter().rev()),
            false => packed.extend(bytes),
        }
    }
    turn.fits(packed.len())?;
    Ok(Bytes::from(packed))
}

fn unpacked(turn: &Turn, format: &str, bytes: &[u8], from: i64) -> Failable<Dynamic> {
    let fields = fields(turn, format)?;
    let mut at = usize::try_from(from).or_else(|_| wrong(format!("there is no byte {from}")))?;
    let mut numbers = Array::new();
    for field in &fields {
        let end = at.saturating_add(field.size);
        let Some(bytes) = bytes.get(at..end) else {
            return wrong(format!("the format takes the bytes {at}..{end}: there are {}", bytes.len()));
        };
        numbers.push(number(*field, bytes)?);
        at = end;
    }
    Ok(match numbers.len() {
        1 => numbers.remove(0),
        _ => numbers.into(),
    })
}

pub(super) fn register(engine: &mut Engine, turn: &Rc<Turn>) {
    let (one, many) = (Rc::clone(turn), Rc::clone(turn));
    let (begin, from) = (Rc::clone(turn), Rc::clone(turn));
    engine
        .register_fn("pack", move |format: ImmutableString, value: Dynamic| packed(&one, &format, &[value]))
        .register_fn("pack", move |format: ImmutableString, values: Array| packed(&many, &format, &values))
        .register_fn("unpack", move |format: ImmutableString, bytes: Bytes| unpacked(&begin, &format, &bytes, 0))
        .register_fn("unpack", move |format: ImmutableString, bytes: Bytes, at: i64| {
            unpacked(&from, &format, &bytes, at)
        });
}
