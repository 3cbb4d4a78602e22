//! Reading JSON part by part, and the reasons of its parser as clients are told them.

use cofferdam_registry::printable;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// How much of a parser's reason is passed on, in bytes.
const MAX_REASON: usize = 200;

/// Tells `null` from absent, which `Option` does not.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A parser's reason, shortened. "at line 1" says nothing where every message is one line. The
/// reason may quote what was sent, whose control characters are shown as escapes.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    printable(text, MAX_REASON).into_owned()
}
