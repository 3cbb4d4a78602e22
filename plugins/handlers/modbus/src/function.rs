//! The functions of Modbus and their exceptions, by name (MODBUS Application Protocol Specification
//! V1.1b3).

/// A function that a request can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    ReadCoils,
    ReadDiscreteInputs,
    ReadHoldingRegisters,
    ReadInputRegisters,
    WriteCoil,
    WriteRegister,
    WriteCoils,
    WriteRegisters,
    MaskWriteRegister,
    ReadWriteRegisters,
    ReadDeviceIdentification,
}

use Function::{
    MaskWriteRegister, ReadCoils, ReadDeviceIdentification, ReadDiscreteInputs, ReadHoldingRegisters,
    ReadInputRegisters, ReadWriteRegisters, WriteCoil, WriteCoils, WriteRegister, WriteRegisters,
};

/// Each function, its number and its name.
const FUNCTIONS: [(Function, u8, &str); 11] = [
    (ReadCoils, 1, "read_coils"),
    (ReadDiscreteInputs, 2, "read_discrete_inputs"),
    (ReadHoldingRegisters, 3, "read_holding_registers"),
    (ReadInputRegisters, 4, "read_input_registers"),
    (WriteCoil, 5, "write_coil"),
    (WriteRegister, 6, "write_register"),
    (WriteCoils, 15, "write_coils"),
    (WriteRegisters, 16, "write_registers"),
    (MaskWriteRegister, 22, "mask_write_register"),
    (ReadWriteRegisters, 23, "read_write_registers"),
    (ReadDeviceIdentification, 43, "read_device_identification"),
];

/// The exceptions of the specification.
const EXCEPTIONS: [(u8, &str); 9] = [
    (1, "illegal_function"),
    (2, "illegal_data_address"),
    (3, "illegal_data_value"),
    (4, "server_device_failure"),
    (5, "acknowledge"),
    (6, "server_device_busy"),
    (8, "memory_parity_error"),
    (10, "gateway_path_unavailable"),
    (11, "gateway_target_device_failed_to_respond"),
];

/// The names of all functions.
pub fn names() -> Vec<&'static str> {
    FUNCTIONS.iter().map(|(_, _, name)| *name).collect()
}

/// The name of an exception, if the specification has one.
pub fn exception(code: u8) -> Option<&'static str> {
    EXCEPTIONS.iter().find(|(number, _)| *number == code).map(|(_, name)| *name)
}

impl Function {
    /// The function of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        FUNCTIONS.iter().find(|(_, _, own)| *own == name).map(|(function, _, _)| *function)
    }

    /// The function of this number.
    pub fn of_code(code: u8) -> Option<Self> {
        FUNCTIONS.iter().find(|(_, number, _)| *number == code).map(|(function, _, _)| *function)
    }

    fn entry(self) -> (Self, u8, &'static str) {
        // Every function is in the table: the last one stands for none.
        FUNCTIONS.into_iter().find(|(function, _, _)| *function == self).unwrap_or(FUNCTIONS[10])
    }

    /// Its number.
    pub fn code(self) -> u8 {
        self.entry().1
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.entry().2
    }

    /// Whether it reads bits.
    pub fn reads_bits(self) -> bool {
        matches!(self, ReadCoils | ReadDiscreteInputs)
    }

    /// Whether it reads registers.
    pub fn reads_registers(self) -> bool {
        matches!(self, ReadHoldingRegisters | ReadInputRegisters | ReadWriteRegisters)
    }

    /// Whether it only writes, so that it can go to every device at once.
    pub fn only_writes(self) -> bool {
        matches!(self, WriteCoil | WriteRegister | WriteCoils | WriteRegisters | MaskWriteRegister)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_go_both_ways() {
        for (function, code, name) in FUNCTIONS {
            assert_eq!(Function::of_name(name), Some(function));
            assert_eq!(Function::of_code(code), Some(function));
            assert_eq!((function.code(), function.name()), (code, name));
        }
        assert_eq!(exception(2), Some("illegal_data_address"));
        assert_eq!(exception(7), None);
    }
}
