//! Whether a text is a JSON object, no deeper than what an answer of a plugin may hold. Nothing of
//! it is kept.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The deepest nesting. The text stands within others, which together may have 128 levels.
const DEPTH: u8 = 96;

/// Refuses what is no JSON object, or too deep.
///
/// # Errors
/// Why.
pub fn check_object(text: &str) -> Result<(), String> {
    if !text.starts_with('{') {
        return Err("a message that is no JSON object".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Level(DEPTH).deserialize(&mut reader).and_then(|()| reader.end());
    read.map_err(|error| format!("a message that is no JSON: {error}"))
}

/// A value that may have so many levels.
#[derive(Clone, Copy)]
struct Level(u8);

impl Level {
    fn inner<E: Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom(format!("it is nested more than {DEPTH} deep")))
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while members.next_key_seed(inner)?.is_some() {
            members.next_value_seed(inner)?;
        }
        Ok(())
    }
}
