//! The schemas of Modbus messages.

use handler_kit::{Schemas, Value, json};

use crate::function::names;
use crate::registers::KINDS;

/// What comes and what goes.
pub fn schemas() -> Schemas {
    Schemas { incoming: incoming(), outgoing: outgoing() }
}

fn incoming() -> Value {
    json!({
        "type": "object",
        "description": "An answer, an exception, or a request that gets none",
        "properties": {
            "answer": { "enum": names(), "description": "The function that was done" },
            "exception": { "type": "string", "description": "Why it was not done, as `illegal_data_address`" },
            "code": { "type": "integer", "description": "The number of the exception" },
            "function": { "enum": names(), "description": "The function of the exception" },
            "unanswered": { "enum": names(), "description": "The function of a request that gets no answer" },
            "timeout_ms": { "type": "integer", "description": "The request has waited so long" },
            "closed": { "const": true, "description": "The connection has ended before the answer" },
            "unit": {
                "type": "integer",
                "description": "Whose answer it is. Some servers answer for every unit: an answer proves no device",
            },
            "address": { "type": "integer" },
            "values": { "description": "What was read: an array, or text" },
            "hex": { "type": "string", "description": "The registers, where they were made into other values" },
            "value": { "description": "What was written to one coil or register" },
            "count": { "type": "integer", "description": "How many coils or registers were written" },
            "and_mask": { "type": "integer" },
            "or_mask": { "type": "integer" },
            "objects": { "type": "object", "description": "What the device says of itself" },
            "conformity": { "type": "integer" },
            "more_from": { "type": "integer", "description": "Ask again with this `object`: there are more" },
            "behind": { "type": "string", "description": "Bytes behind the last object, in hexadecimal digits" },
            "late": { "const": true, "description": "The answer came after its time" },
            "broadcast": { "const": true, "description": "The answer is to a broadcast, which asks for none" },
            "unasked": { "type": "integer", "description": "No request has this transaction number" },
            "malformed": { "type": "string", "description": "Why these bytes are no answer" },
            "at": { "type": "integer", "description": "Where they begin in all that has come" },
            "pdu": { "type": "string", "description": "Function and data, in hexadecimal digits" },
        },
        "oneOf": [
            { "required": ["answer", "unit"] },
            { "required": ["exception", "code", "unit"] },
            { "required": ["unanswered", "unit"] },
            { "required": ["malformed", "at"] },
        ],
    })
}

fn outgoing() -> Value {
    let number = |description: &str| {
        json!({
            "type": "integer", "minimum": 0, "maximum": 65535, "description": description,
        })
    };
    json!({
        "type": "object",
        "properties": {
            "function": { "enum": names() },
            "unit": {
                "type": "integer", "minimum": 0, "maximum": 255,
                "description": "The device behind the address; the configuration's where it is missing",
            },
            "broadcast": {
                "type": "boolean",
                "description": "Unit 0 is meant: a write to every device, which none answers",
            },
            "address": number("The first address, counted from 0: register 40001 is holding register 0"),
            "count": {
                "type": "integer", "minimum": 1, "maximum": 2000,
                "description": "How many values are read, of text how many registers; 1 where it is missing",
            },
            "type": {
                "enum": KINDS.map(|(_, name)| name),
                "description": "What registers are; u16 where it is missing",
            },
            "word_order": {
                "enum": ["high-first", "low-first"],
                "description": "Which register of a value comes first",
            },
            "value": { "description": "write_coil: true or false; write_register: a number" },
            "values": { "description": "write_coils: booleans; writing registers: numbers, or a string of type text" },
            "write_address": number("read_write_registers: where `values` go; they are written before it reads"),
            "and_mask": number("mask_write_register: the bits that stay"),
            "or_mask": number("mask_write_register: the bits that are set, of those that do not stay"),
            "category": {
                "enum": ["basic", "regular", "extended"],
                "description": "read_device_identification: which objects; basic where neither this nor `object` is there",
            },
            "object": {
                "type": "integer", "minimum": 0, "maximum": 255,
                "description": "read_device_identification: one object, or the first of a category",
            },
        },
        "required": ["function"],
        "additionalProperties": false,
    })
}
