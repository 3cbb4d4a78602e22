//! A component's bytes before anything of them runs: digest, manifest section, and the imports it
//! needs.

use std::borrow::Cow;

use cofferdam_packed::unpack;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use wasmparser::{BinaryReaderError, Chunk, Encoding, FunctionBody, Operator, Parser, Payload};

/// The custom section that carries a plugin's manifest.
const MANIFEST_SECTION: &str = "cofferdam-manifest";
/// The custom section that carries the JSON Schema of its settings, where the manifest does not.
const SETTINGS_SECTION: &str = "cofferdam-settings-schema";

const CUT_SHORT: &str = "it is cut short";

/// The SHA-256 of a component, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Digest(String);

impl Digest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(HEXLOWER.encode(&Sha256::digest(bytes)))
    }

    /// One that is known already: of what is embedded in this binary.
    pub fn known(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What every component and every module begins with.
const WASM: &[u8] = b"\0asm";

/// Whether these are the bytes of a shipped component as they are embedded, packed. A file that an
/// operator names is not loaded in this form: no manifest is found in it.
pub fn is_packed(bytes: &[u8]) -> bool {
    !bytes.starts_with(WASM) && cofferdam_packed::is_packed(bytes)
}

/// A component's bytes, unpacked if they are packed.
///
/// # Errors
/// The packed form is damaged.
pub fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    match is_packed(bytes) {
        false => Ok(Cow::Borrowed(bytes)),
        true => unpack(bytes).map(Cow::Owned).ok_or_else(|| "it cannot be unpacked".to_owned()),
    }
}

/// The deepest nesting of components and modules that is read.
const DEPTH: usize = 64;

/// Goes through the sections of a component and of all that is nested in it, functions' code passed
/// over. Shows each part with the depth that it lies at; 0 is the component itself.
fn walk(bytes: &[u8], mut visit: impl FnMut(usize, &Payload<'_>) -> Result<(), String>) -> Result<(), String> {
    let mut outer = Vec::new();
    let mut parser = Parser::new(0);
    let mut rest = bytes;
    loop {
        let chunk = parser.parse(rest, true).map_err(|error| no_component(&error))?;
        let Chunk::Parsed { consumed, payload } = chunk else { return Err(CUT_SHORT.to_owned()) };
        rest = rest.get(consumed..).unwrap_or_default();
        visit(outer.len(), &payload)?;
        match payload {
            Payload::CodeSectionStart { size, .. } => {
                parser.skip_section();
                rest = usize::try_from(size).ok().and_then(|size| rest.get(size..)).ok_or(CUT_SHORT)?;
            }
            Payload::ModuleSection { parser: inner, .. } | Payload::ComponentSection { parser: inner, .. } => {
                if outer.len() == DEPTH {
                    return Err(format!("its components are nested more than {DEPTH} deep"));
                }
                outer.push(std::mem::replace(&mut parser, inner));
            }
            Payload::End(_) => match outer.pop() {
                Some(next) => parser = next,
                None => return Ok(()),
            },
            _ => {}
        }
    }
}

/// The manifest that a component carries, as text; `None` if it carries none.
///
/// # Errors
/// The bytes are not WebAssembly, or the manifest is not text, or there are two.
pub fn manifest_section(bytes: &[u8]) -> Result<Option<String>, String> {
    text_section(bytes, MANIFEST_SECTION)
}

/// The JSON Schema of a component's settings, as text; `None` if it carries none.
///
/// # Errors
/// The bytes are not WebAssembly, or the schema is not text, or there are two.
pub fn settings_section(bytes: &[u8]) -> Result<Option<String>, String> {
    text_section(bytes, SETTINGS_SECTION)
}

/// The text of a custom section, at any depth.
fn text_section(bytes: &[u8], name: &str) -> Result<Option<String>, String> {
    let mut found = None;
    walk(bytes, |_, payload| {
        let Payload::CustomSection(section) = payload else { return Ok(()) };
        if section.name() != name {
            return Ok(());
        }
        let text = std::str::from_utf8(section.data()).map_err(|_| format!("its `{name}` section is not UTF-8"))?;
        match found.replace(text.to_owned()) {
            Some(_) => Err(format!("it has two `{name}` sections")),
            None => Ok(()),
        }
    })?;
    Ok(found)
}

/// What a component imports, by the names it gives: its needs, known before anything is compiled.
///
/// # Errors
/// The bytes are not a component.
pub fn imports(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut imports = Vec::new();
    walk(bytes, |depth, payload| {
        match payload {
            // What is nested has its needs met from here. Only the outermost component asks the
            // host.
            _ if depth > 0 => {}
            Payload::Version { encoding: Encoding::Module, .. } => {
                return Err("it is a core module, not a component".to_owned());
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    imports.push(import.map_err(|error| no_component(&error))?.name.name.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(imports)
}

/// Functions that are compiled at one time, at most.
const AT_ONCE: usize = 4;
/// What compiling takes for each byte of a function, and for each local in each loop, whose values
/// every turn may change. About 430 and 100 bytes were measured (wasmtime 48).
const FOR_BYTE: u64 = 450;
const FOR_LOOP_AND_LOCAL: u64 = 100;

/// How much memory compiling a component takes, about, in bytes: what the most demanding functions
/// take that may be compiled at one time.
///
/// # Errors
/// The bytes are not WebAssembly.
pub fn compile_memory(bytes: &[u8]) -> Result<u64, String> {
    let mut most = [0; AT_ONCE];
    for payload in Parser::new(0).parse_all(bytes) {
        let Payload::CodeSectionEntry(body) = payload.map_err(|error| no_component(&error))? else { continue };
        let takes = function_memory(&body).map_err(|error| no_component(&error))?;
        if let Some(least) = most.iter_mut().min().filter(|least| **least < takes) {
            *least = takes;
        }
    }
    Ok(most.iter().fold(0, |sum: u64, takes| sum.saturating_add(*takes)))
}

fn function_memory(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    let mut locals: u64 = 0;
    for group in body.get_locals_reader()? {
        locals = locals.saturating_add(group?.0.into());
    }
    let mut loops: u64 = 0;
    for operator in body.get_operators_reader()? {
        loops += u64::from(matches!(operator?, Operator::Loop { .. }));
    }
    let range = body.range();
    let length = u64::try_from(range.end - range.start).unwrap_or(u64::MAX);
    let values = loops.saturating_mul(locals).saturating_mul(FOR_LOOP_AND_LOCAL);
    Ok(length.saturating_mul(FOR_BYTE).saturating_add(values))
}

/// The parser's reason on one line; it writes lists of bytes over several.
fn no_component(error: &BinaryReaderError) -> String {
    let told = error.to_string();
    format!("not a WebAssembly component: {}", told.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wasm_is_told_so_on_one_line() {
        for told in [manifest_section(b"hello wasm").unwrap_err(), imports(b"hello wasm").unwrap_err()] {
            assert!(told.starts_with("not a WebAssembly component: ") && !told.contains('\n'), "{told}");
        }
    }

    #[test]
    fn an_empty_component_has_no_manifest() {
        assert_eq!(manifest_section(b"\0asm\x0d\0\x01\0"), Ok(None));
    }

    #[test]
    fn a_packed_component_is_the_same_component() {
        let empty = b"\0asm\x0d\0\x01\0";
        let mut archive = cofferdam_packed::Archive::new(cofferdam_packed::Effort::Quick);
        let entry = archive.add(empty.to_vec(), None).unwrap();
        let packed = &archive.bytes()[entry.range];
        assert!(is_packed(packed) && !is_packed(empty));
        assert_eq!(unpacked(packed).as_deref(), Ok(&empty[..]));
        assert_eq!(unpacked(empty).as_deref(), Ok(&empty[..]));
        // As a file that an operator names, it is none.
        assert!(manifest_section(packed).is_err());
    }

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(Digest::of(b"").as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
