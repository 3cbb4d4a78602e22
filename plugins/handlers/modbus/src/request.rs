//! A request: what a message asks for, and its bytes.

use handler_kit::{Failure, Map, Value, members};

use crate::config::Config;
use crate::function::{Function, names};
use crate::registers::{KINDS, Kind, WordOrder, bytes_of};

/// The MODBUS encapsulated interface that asks what a device is.
pub const DEVICE_IDENTIFICATION: u8 = 0x0e;

/// A request, and what is needed to understand its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub unit: u8,
    pub function: Function,
    /// The first address that is read, or else written.
    pub address: Option<u16>,
    /// How many bits or registers are read.
    pub count: u16,
    pub kind: Kind,
    pub order: WordOrder,
    /// The function and its data.
    pub pdu: Vec<u8>,
}

/// What a message may hold, besides what its function takes.
const ALWAYS: [&str; 3] = ["function", "unit", "broadcast"];

/// What a function takes, in the order that messages are read in.
fn takes(function: Function) -> &'static [&'static str] {
    use Function::{
        MaskWriteRegister, ReadCoils, ReadDeviceIdentification, ReadDiscreteInputs, ReadHoldingRegisters,
        ReadInputRegisters, ReadWriteRegisters, WriteCoil, WriteCoils, WriteRegister, WriteRegisters,
    };
    match function {
        ReadCoils | ReadDiscreteInputs => &["address", "count"],
        ReadHoldingRegisters | ReadInputRegisters => &["address", "count", "type", "word_order"],
        WriteCoil => &["address", "value"],
        WriteRegister => &["address", "value", "type"],
        WriteCoils => &["address", "values"],
        WriteRegisters => &["address", "values", "type", "word_order"],
        MaskWriteRegister => &["address", "and_mask", "or_mask"],
        ReadWriteRegisters => &["address", "count", "write_address", "values", "type", "word_order"],
        ReadDeviceIdentification => &["category", "object"],
    }
}

impl Request {
    /// The request that a message is.
    ///
    /// # Errors
    /// It is none; the failure names the member.
    pub fn new(message: &Value, config: &Config) -> Result<Self, Failure> {
        let all = message.as_object().ok_or_else(|| Failure::new("a message is an object: {\"function\": …}"))?;
        let function = all.get("function").and_then(Value::as_str).and_then(Function::of_name);
        let function =
            function.ok_or_else(|| Failure::of("function", format!("it is one of {}", names().join(", "))))?;
        let known: Vec<&str> = ALWAYS.iter().chain(takes(function)).copied().collect();
        let from = Members(members(message, &known)?);
        let mut request = Self {
            unit: from.unit(function, config)?,
            function,
            address: None,
            count: 0,
            kind: from.kind()?,
            order: from.order(config)?,
            pdu: vec![function.code()],
        };
        request.fill(&from)?;
        Ok(request)
    }

    /// Whether it goes to every device at once.
    pub fn is_broadcast(&self) -> bool {
        self.unit == 0
    }

    fn fill(&mut self, from: &Members) -> Result<(), Failure> {
        use Function::{
            MaskWriteRegister, ReadCoils, ReadDeviceIdentification, ReadDiscreteInputs, ReadHoldingRegisters,
            ReadInputRegisters, ReadWriteRegisters, WriteCoil, WriteCoils, WriteRegister, WriteRegisters,
        };
        if self.function != ReadDeviceIdentification {
            let address = from.number("address")?;
            self.address = Some(address);
            self.push(address);
        }
        match self.function {
            ReadCoils | ReadDiscreteInputs => self.read(from, 2000, 1)?,
            ReadHoldingRegisters | ReadInputRegisters => self.read(from, 125, self.kind.registers())?,
            WriteCoil => {
                let on = from.get("value")?.as_bool();
                self.push(if on.ok_or_else(|| Failure::of("value", "it is true or false"))? { 0xff00 } else { 0 });
            }
            WriteRegister => {
                if self.kind.registers() != 1 || self.kind == Kind::Text {
                    return Err(Failure::of("type", "one register holds a u16 or an i16: see `write_registers`"));
                }
                let value = Value::Array(vec![from.get("value")?.clone()]);
                let bytes = bytes_of(&value, self.kind, self.order, "value");
                self.pdu.extend(bytes.map_err(|error| Failure::of("value", error.message))?);
            }
            WriteCoils => self.write_bits(from)?,
            WriteRegisters => self.write_registers(from, 123)?,
            MaskWriteRegister => {
                self.push(from.number("and_mask")?);
                self.push(from.number("or_mask")?);
            }
            ReadWriteRegisters => {
                self.read(from, 125, self.kind.registers())?;
                self.push(from.number("write_address")?);
                self.write_registers(from, 121)?;
            }
            ReadDeviceIdentification => self.identify(from)?,
        }
        Ok(())
    }

    fn push(&mut self, number: u16) {
        self.pdu.extend_from_slice(&number.to_be_bytes());
    }

    /// How many are read: one where the message does not say.
    fn read(&mut self, from: &Members, most: u16, each: usize) -> Result<(), Failure> {
        let values = from.0.get("count").map_or(Ok(1), |_| from.number("count"))?;
        let count = usize::from(values) * each;
        if !(1..=usize::from(most)).contains(&count) {
            return Err(Failure::of("count", format!("a request reads 1 to {} of these", usize::from(most) / each)));
        }
        self.count = count as u16;
        self.push(self.count);
        Ok(())
    }

    fn write_bits(&mut self, from: &Members) -> Result<(), Failure> {
        let values = from.get("values")?.as_array().ok_or_else(|| Failure::of("values", "it is an array"))?;
        if !(1..=1968).contains(&values.len()) {
            return Err(Failure::of("values", "a request writes 1 to 1968 coils"));
        }
        let mut bytes = vec![0u8; values.len().div_ceil(8)];
        for (index, value) in values.iter().enumerate() {
            let on = value.as_bool();
            let on = on.ok_or_else(|| Failure::of(format!("values[{index}]"), "it is true or false"))?;
            bytes[index / 8] |= u8::from(on) << (index % 8);
        }
        self.push(values.len() as u16);
        self.pdu.push(bytes.len() as u8);
        self.pdu.extend(bytes);
        Ok(())
    }

    fn write_registers(&mut self, from: &Members, most: usize) -> Result<(), Failure> {
        let bytes = bytes_of(from.get("values")?, self.kind, self.order, "values")?;
        if !(1..=most).contains(&(bytes.len() / 2)) {
            return Err(Failure::of("values", format!("a request writes 1 to {most} registers")));
        }
        self.push((bytes.len() / 2) as u16);
        self.pdu.push(bytes.len() as u8);
        self.pdu.extend(bytes);
        Ok(())
    }

    fn identify(&mut self, from: &Members) -> Result<(), Failure> {
        let object = from.0.get("object").map_or(Ok(None), |_| from.byte("object").map(Some))?;
        let code = match (from.0.get("category").map(Value::as_str), object) {
            (None, Some(_)) => 4,
            (None | Some(Some("basic")), _) => 1,
            (Some(Some("regular")), _) => 2,
            (Some(Some("extended")), _) => 3,
            _ => return Err(Failure::of("category", "it is `basic`, `regular` or `extended`")),
        };
        self.pdu.extend([DEVICE_IDENTIFICATION, code, object.unwrap_or(0)]);
        Ok(())
    }
}

/// The members of a message.
struct Members<'a>(&'a Map<String, Value>);

impl Members<'_> {
    fn get(&self, name: &str) -> Result<&Value, Failure> {
        self.0.get(name).ok_or_else(|| Failure::of(name, "it is missing"))
    }

    fn number(&self, name: &str) -> Result<u16, Failure> {
        let number = self.get(name)?.as_u64().and_then(|number| u16::try_from(number).ok());
        number.ok_or_else(|| Failure::of(name, "it is 0 to 65535"))
    }

    fn byte(&self, name: &str) -> Result<u8, Failure> {
        let number = self.get(name)?.as_u64().and_then(|number| u8::try_from(number).ok());
        number.ok_or_else(|| Failure::of(name, "it is 0 to 255"))
    }

    /// The unit; 0 only where the message says that it is meant.
    fn unit(&self, function: Function, config: &Config) -> Result<u8, Failure> {
        let broadcast = match self.0.get("broadcast") {
            None => false,
            Some(value) => value.as_bool().ok_or_else(|| Failure::of("broadcast", "it is true or false"))?,
        };
        let unit = match self.0.contains_key("unit") {
            true => self.byte("unit")?,
            false if broadcast => 0,
            false => config.unit,
        };
        match (unit, broadcast) {
            (0, false) => Err(Failure::of("broadcast", "unit 0 is every device at once: say `broadcast: true`")),
            (1.., true) => Err(Failure::of("broadcast", "it goes with unit 0")),
            (0, true) if !function.only_writes() => {
                Err(Failure::of("broadcast", "every device at once can be written to, not read"))
            }
            _ => Ok(unit),
        }
    }

    fn kind(&self) -> Result<Kind, Failure> {
        let Some(value) = self.0.get("type") else { return Ok(Kind::U16) };
        let kind = KINDS.iter().find(|(_, name)| value == name).map(|(kind, _)| *kind);
        let names = || KINDS.map(|(_, name)| name).join(", ");
        kind.ok_or_else(|| Failure::of("type", format!("it is one of {}", names())))
    }

    fn order(&self, config: &Config) -> Result<WordOrder, Failure> {
        match self.0.get("word_order").map(Value::as_str) {
            None => Ok(config.word_order),
            Some(Some("high-first")) => Ok(WordOrder::HighFirst),
            Some(Some("low-first")) => Ok(WordOrder::LowFirst),
            _ => Err(Failure::of("word_order", "it is `high-first` or `low-first`")),
        }
    }
}
