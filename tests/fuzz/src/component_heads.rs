//! What a component imports, before anything of it is compiled: every name that is put in comes
//! out, in order, and nothing of what is nested; any other bytes are read alike by a second parser,
//! or refused with a reason.

use wasmparser::{Encoding, Parser, Payload};

use crate::host::component::{Digest, imports};
use crate::manifest_section::{COMPONENT, is_reason, length, section_of};

/// Imports that one section of a target's own has, at most.
const MOST: usize = 50;

/// Any bytes: as a component, and as names, a line each.
pub fn target(data: &[u8]) {
    match imports(data) {
        Ok(found) => {
            let (names, came) = second_reading(data);
            assert!(came != Came::Nowhere, "{found:?} of what cannot be read");
            assert!(found.starts_with(&names) && (came == Came::Inside || found.len() == names.len()), "{found:?}");
        }
        Err(why) => is_reason(&why),
    }
    let text = String::from_utf8_lossy(data);
    let names: Vec<&str> = text.lines().take(MOST).collect();
    let section = import_section(&names);
    let whole = [COMPONENT, &section].concat();
    let expected: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(imports(&whole), Ok(expected.clone()));
    // What is nested asks nobody: not before, not behind, not inside each other.
    let inner = section_of(4, &whole);
    let module = section_of(1, b"\0asm\x01\0\0\0");
    let around = [COMPONENT, &inner, &section, &module, &section_of(4, &[COMPONENT, &inner].concat())].concat();
    assert_eq!(imports(&around), Ok(expected.clone()));
    let twice = [COMPONENT, &section, &section].concat();
    assert_eq!(imports(&twice), Ok([&expected[..], &expected].concat()));
    let cut = data.first().map_or(0, |first| usize::from(*first) % whole.len());
    if let Ok(found) = imports(&whole[..cut]) {
        assert!(found.is_empty() || found == expected, "{found:?} of a part");
    }
    let digest = Digest::of(data);
    assert!(digest.as_str().len() == 64 && digest.as_str().bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
}

/// How far the parser's own walk comes.
#[derive(PartialEq)]
enum Came {
    ToTheEnd,
    /// Into something nested that is broken, which is for whoever compiles it to say.
    Inside,
    Nowhere,
}

/// The same by the parser's own walk, by depth.
fn second_reading(bytes: &[u8]) -> (Vec<String>, Came) {
    let (mut names, mut depth) = (Vec::new(), 0);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::Version { encoding: Encoding::Module, .. }) if depth == 0 => return (names, Came::Nowhere),
            Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth -= 1,
            Ok(Payload::ComponentImportSection(section)) if depth == 0 => {
                for import in section {
                    let Ok(import) = import else { return (names, Came::Nowhere) };
                    names.push(import.name.name.to_owned());
                }
            }
            Ok(_) => {}
            Err(_) => return (names, if depth > 0 { Came::Inside } else { Came::Nowhere }),
        }
    }
    (names, Came::ToTheEnd)
}

/// Functions of these names, of the first type.
fn import_section(names: &[&str]) -> Vec<u8> {
    let mut section = length(names.len());
    for name in names {
        section.push(0);
        section.extend(length(name.len()));
        section.extend(name.as_bytes());
        section.extend([1, 0]);
    }
    section_of(10, &section)
}
