//! Guests written by hand, in WebAssembly's text form: for what no compiler would make. Each is a
//! core module in `tests/guests/raw`, put around with what all of them share.

use super::scratch;

/// The component of one guest in `tests/guests/raw`.
#[track_caller]
pub fn raw_guest(name: &str) -> String {
    raw_guest_with(name, "", "actor")
}

/// The same with more in its module, and `instance` in its manifest.
#[track_caller]
pub fn raw_guest_with(name: &str, more: &str, instance: &str) -> String {
    let read = |file: &str| {
        let path = format!("{}/tests/guests/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{path}`: {error}"))
    };
    let module = read("raw/prelude.wat") + &read(&format!("raw/{name}.wat")) + more;
    let manifest = read("raw.toml").replace("\"actor\"", &format!("{instance:?}"));
    component(name, &read("raw/world.wat").replace("(;guest;)", &module), &manifest)
}

/// A component from its text, with this manifest.
#[track_caller]
pub fn component(name: &str, text: &str, manifest: &str) -> String {
    let mut component = wat::parse_str(text).unwrap_or_else(|error| panic!("`{name}`: {error}"));
    add_section(&mut component, "cofferdam-manifest", manifest.as_bytes());
    let file = scratch(name).join(format!("{name}.wasm"));
    std::fs::write(&file, component).unwrap();
    file.display().to_string()
}

/// Appends a custom section (number 0: its length, its name's length, its name, its data).
pub fn add_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let named = [length(name.len()), name.as_bytes().to_vec()].concat();
    component.push(0);
    component.extend(length(named.len() + data.len()));
    component.extend(named);
    component.extend(data);
}

/// A length as WebAssembly writes it (LEB128).
fn length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes
}
