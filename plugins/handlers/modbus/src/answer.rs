//! What an answer says, read with the request that it answers, if there is one.

use handler_kit::{Map, Value, hex, json, shown};

use crate::function::{Function, exception};
use crate::registers::{Kind, WordOrder, values};
use crate::request::{DEVICE_IDENTIFICATION, Request};

/// This bit of the function says that the answer is an exception.
const EXCEPTION: u8 = 0x80;

/// The first objects of a device's identification.
const OBJECTS: [&str; 7] =
    ["vendor_name", "product_code", "revision", "vendor_url", "product_name", "model_name", "user_application_name"];

/// The members of a message for an answer: its function and its data.
///
/// # Errors
/// It is no answer, or none to this request. The reason says why.
pub fn read(pdu: &[u8], request: Option<&Request>) -> Result<Map<String, Value>, String> {
    let Some((&code, data)) = pdu.split_first() else { return Err("an answer without a function".to_owned()) };
    let asked = request.map(|request| request.function);
    if code & EXCEPTION != 0 {
        return exception_of(code & !EXCEPTION, data, asked);
    }
    let function = Function::of_code(code).ok_or_else(|| format!("function {code} is none that is asked for"))?;
    if let Some(asked) = asked.filter(|asked| *asked != function) {
        return Err(format!("the answer is of {}, the request was {}", function.name(), asked.name()));
    }
    let mut members = Map::new();
    members.insert("answer".to_owned(), function.name().into());
    let broken = || format!("the data of {} has a wrong length", function.name());
    match function {
        _ if function.reads_bits() => {
            let bytes = counted(data).ok_or_else(broken)?;
            let count = request.map_or(bytes.len() * 8, |request| usize::from(request.count));
            if bytes.len() != count.div_ceil(8) {
                return Err(broken());
            }
            with_address(&mut members, request);
            let bits: Vec<bool> = (0..count).map(|index| bytes[index / 8] >> (index % 8) & 1 == 1).collect();
            members.insert("values".to_owned(), bits.into());
        }
        _ if function.reads_registers() => {
            let bytes = counted(data).filter(|bytes| bytes.len().is_multiple_of(2)).ok_or_else(broken)?;
            if request.is_some_and(|request| usize::from(request.count) * 2 != bytes.len()) {
                return Err(broken());
            }
            with_address(&mut members, request);
            let (kind, order) = request.map_or((Kind::U16, WordOrder::HighFirst), |asked| (asked.kind, asked.order));
            members.insert("values".to_owned(), values(bytes, kind, order));
            if kind.is_made() {
                members.insert("hex".to_owned(), hex(bytes).into());
            }
        }
        Function::ReadDeviceIdentification => identification(data, &mut members)?,
        _ => {
            let numbers = numbers(data).ok_or_else(broken)?;
            written(function, &numbers, request, &mut members).ok_or_else(broken)?;
        }
    }
    Ok(members)
}

/// Data behind a byte that counts it.
fn counted(data: &[u8]) -> Option<&[u8]> {
    data.split_first().filter(|(count, bytes)| usize::from(**count) == bytes.len()).map(|(_, bytes)| bytes)
}

fn numbers(data: &[u8]) -> Option<Vec<u16>> {
    data.len()
        .is_multiple_of(2)
        .then(|| data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect())
}

fn with_address(members: &mut Map<String, Value>, request: Option<&Request>) {
    if let Some(address) = request.and_then(|request| request.address) {
        members.insert("address".to_owned(), address.into());
    }
}

/// An exception. The function that it is of may be missing: a server that does not know the
/// function says 80 and nothing else.
fn exception_of(code: u8, data: &[u8], asked: Option<Function>) -> Result<Map<String, Value>, String> {
    let [number] = data else { return Err("an exception has one byte of data".to_owned()) };
    let function = Function::of_code(code);
    if code != 0 && asked.is_some() && function != asked {
        return Err(format!("the exception is of function {code}, which was not asked for"));
    }
    let mut members = Map::new();
    let name = exception(*number).map_or_else(|| format!("exception_{number}"), ToOwned::to_owned);
    members.insert("exception".to_owned(), name.into());
    members.insert("code".to_owned(), (*number).into());
    if let Some(function) = asked.or(function) {
        members.insert("function".to_owned(), function.name().into());
    }
    Ok(members)
}

/// What was written, as the answer repeats it.
fn written(
    function: Function,
    numbers: &[u16],
    request: Option<&Request>,
    members: &mut Map<String, Value>,
) -> Option<()> {
    let (&address, rest) = numbers.split_first()?;
    members.insert("address".to_owned(), address.into());
    match (function, rest) {
        (Function::WriteCoil, [0xff00 | 0]) => members.insert("value".to_owned(), (rest[0] != 0).into()),
        (Function::WriteCoil, [other]) => members.insert("value".to_owned(), (*other).into()),
        (Function::WriteRegister, [value]) => {
            let signed = request.is_some_and(|request| request.kind == Kind::I16);
            let value = if signed { Value::from(*value as i16) } else { Value::from(*value) };
            members.insert("value".to_owned(), value)
        }
        (Function::WriteCoils | Function::WriteRegisters, [count]) => {
            members.insert("count".to_owned(), (*count).into())
        }
        (Function::MaskWriteRegister, [and, or]) => {
            members.insert("and_mask".to_owned(), (*and).into());
            members.insert("or_mask".to_owned(), (*or).into())
        }
        _ => return None,
    };
    Some(())
}

/// What a device says of itself.
fn identification(data: &[u8], members: &mut Map<String, Value>) -> Result<(), String> {
    let [DEVICE_IDENTIFICATION, _code, conformity, more, next, count, objects @ ..] = data else {
        return Err("the device's identification is too short, or of another kind".to_owned());
    };
    let mut rest = objects;
    let mut named = Map::new();
    for _ in 0..*count {
        let [id, length, behind @ ..] = rest else {
            return Err("an object of the identification is missing".to_owned());
        };
        let value = behind.get(..usize::from(*length)).ok_or("an object of the identification is cut off")?;
        let name = OBJECTS.get(usize::from(*id)).map_or_else(|| format!("object_{id}"), |name| (*name).to_owned());
        named.insert(name, shown(value));
        rest = &behind[value.len()..];
    }
    members.insert("objects".to_owned(), named.into());
    members.insert("conformity".to_owned(), (*conformity).into());
    if *more != 0 {
        members.insert("more_from".to_owned(), json!(next));
    }
    if !rest.is_empty() {
        members.insert("behind".to_owned(), hex(rest).into());
    }
    Ok(())
}
