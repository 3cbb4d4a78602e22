//! The contract with plugins: what the host offers to every one of them, and that a released
//! version is never edited.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{read, root, walk};
use crate::support::{run, scratch};

/// Released versions: the folder in `wit/`, named after package and version (`dns-0.1.0`), which
/// holds the package's text as it was released, and the SHA-256 that [`hash`] gives for it. A line
/// is added by a release and never changed. Nothing is released.
const RELEASED: &[(&str, &str)] = &[];

/// The contracts that may still change, and the page about all of them.
const UNRELEASED: [&str; 4] = ["plugin", "handler", "script", "README.md"];

/// The functions of the package that every plugin is linked with, by interface. None of them can
/// widen a grant; a new one is looked at with that question.
const HOST: [(&str, &[&str]); 6] = [
    ("types", &[]),
    ("content", &[]),
    ("logging", &["log"]),
    ("calls", &["progress", "time-left", "log", "emit"]),
    ("cancellation", &["wait"]),
    ("instance", &["get-limits", "predecessor"]),
];

/// What a plugin may import.
const IMPORTS: [&str; 15] = [
    "cofferdam:host/types@0.1.0",
    "cofferdam:host/content@0.1.0",
    "cofferdam:host/logging@0.1.0",
    "cofferdam:host/calls@0.1.0",
    "cofferdam:host/instance@0.1.0",
    "wasi:clocks/monotonic-clock@0.3.0",
    "wasi:clocks/system-clock@0.3.0",
    "wasi:sockets/types@0.3.0",
    "wasi:sockets/ip-name-lookup@0.3.0",
    "cofferdam:host/cancellation@0.1.0",
    "cofferdam:names/lookups@0.1.0",
    "cofferdam:dns/queries@0.1.0",
    "cofferdam:icmp/echo@0.1.0",
    "cofferdam:handlers/sessions@0.1.0",
    "cofferdam:scripts/programs@0.1.0",
];

/// The SHA-256 of a folder: of each file's path, length and bytes, in the order of the paths.
fn hash(folder: &Path) -> String {
    let mut paths: Vec<PathBuf> = Vec::new();
    walk(folder, &mut paths);
    paths.sort();
    let mut hash = Sha256::new();
    for path in paths {
        let (name, bytes) = (path.strip_prefix(folder).unwrap().display().to_string(), std::fs::read(&path).unwrap());
        hash.update(name.replace('\\', "/"));
        hash.update([0]);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is wrong with the released folders.
fn edited(wit: &Path, released: &[(&str, &str)]) -> Vec<String> {
    let changed =
        released.iter().filter(|(folder, sha256)| !wit.join(folder).is_dir() || hash(&wit.join(folder)) != *sha256);
    changed.map(|(folder, _)| format!("`wit/{folder}` is released: a change is a new folder")).collect()
}

#[test]
fn i14_released_contracts_are_never_edited() {
    let wit = root().join("wit");
    super::none("a released contract is frozen", &edited(&wit, RELEASED));
    for entry in std::fs::read_dir(wit).unwrap() {
        let folder = entry.unwrap().file_name().into_string().unwrap();
        let known = UNRELEASED.contains(&&*folder) || RELEASED.iter().any(|(released, _)| *released == folder);
        assert!(known, "`wit/{folder}` is neither released nor the one that is being written");
    }
}

#[test]
fn i14_the_check_sees_an_edit() {
    let wit = scratch("wit");
    let folder = wit.join("since-9.9.9/deps");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(wit.join("since-9.9.9/plugin.wit"), "package a:b@9.9.9;\n").unwrap();
    std::fs::write(folder.join("clocks.wit"), "package c:d;\n").unwrap();
    let sha256 = hash(&wit.join("since-9.9.9"));
    assert_eq!(sha256.len(), 64);
    assert_eq!(edited(&wit, &[("since-9.9.9", &sha256)]), Vec::<String>::new());

    std::fs::write(folder.join("clocks.wit"), "package c:e;\n").unwrap();
    assert_eq!(edited(&wit, &[("since-9.9.9", &sha256)]).len(), 1, "a changed file");
    std::fs::write(folder.join("clocks.wit"), "package c:d;\n").unwrap();
    std::fs::write(folder.join("more.wit"), "").unwrap();
    assert_eq!(edited(&wit, &[("since-9.9.9", &sha256)]).len(), 1, "a new file");
    std::fs::remove_file(folder.join("more.wit")).unwrap();
    std::fs::rename(folder.join("clocks.wit"), folder.join("clock.wit")).unwrap();
    assert_eq!(edited(&wit, &[("since-9.9.9", &sha256)]).len(), 1, "a renamed file");
    assert_eq!(edited(&wit, &[("since-8.8.8", &sha256)]).len(), 1, "a folder that is gone");
}

/// A component that imports one thing, and a manifest that wants everything (Component Model:
/// Binary.md).
fn importing(import: &str) -> Vec<u8> {
    let sized = |bytes: &[u8]| {
        // A length in LEB128, always in two bytes.
        let length = u16::try_from(bytes.len()).unwrap();
        [&[(length & 0x7f) as u8 | 0x80, (length >> 7) as u8][..], bytes].concat()
    };
    let manifest =
        "name = 'probe'\nversion = '1'\nabi = '0.1.0'\nkind = 'plugin'\n[wants]\nconnect = ['tcp://any:*']\n";
    let custom = [&sized(b"cofferdam-manifest")[..], manifest.as_bytes()].concat();
    let imports = [&[1, 0][..], &sized(import.as_bytes()), &[1, 0]].concat();
    [&b"\0asm\x0d\0\x01\0"[..], &[0], &sized(&custom), &[10], &sized(&imports)].concat()
}

#[test]
fn i7_an_import_that_is_not_offered_is_refused_at_load() {
    let file = scratch("import").join("probe.wasm");
    for import in [
        "wasi:http/outgoing-handler@0.2.0",
        "wasi:filesystem/types@0.3.0",
        "wasi:sockets/tcp@0.1.0",
        "wasi:keyvalue/store@0.2.0",
        "cofferdam:host/processes@0.1.0",
        "cofferdam:processes/processes@0.1.0",
        "env",
    ] {
        std::fs::write(&file, importing(import)).unwrap();
        let told = run(&["tools", "--allow-connect", "tcp://any:*", "--plugin", &file.display().to_string()]);
        let said = String::from_utf8_lossy(&told.stderr);
        assert_eq!(told.status.code(), Some(1), "{said}");
        let expected = format!("the `probe` plugin imports `{import}`, which this version does not offer");
        assert!(said.contains(&expected), "{import}: {said}");
    }
}

/// The lines of the block that begins with this word and name.
fn block<'a>(wit: &'a str, opening: &str) -> Vec<&'a str> {
    let from = wit.find(opening).unwrap_or_else(|| panic!("there is no `{opening}`"));
    let lines = wit[from..].lines().skip(1);
    lines.take_while(|line| *line != "}").map(str::trim).filter(|line| !line.starts_with("//")).collect()
}

#[test]
fn i15_the_contract_offers_no_way_to_widen_a_grant() {
    let host = read("wit/plugin/deps/host.wit");
    for (interface, expected) in HOST {
        let functions =
            block(&host, &format!("interface {interface} {{")).into_iter().filter(|line| line.contains("func("));
        let functions: Vec<&str> = functions.filter_map(|line| line.split(':').next()).collect();
        assert_eq!(functions, expected, "a function of the host's is looked at before it stands here");
    }
    let interfaces = host.lines().filter_map(|line| line.strip_prefix("interface "));
    let interfaces: Vec<&str> = interfaces.map(|line| line.trim_end_matches(" {")).collect();
    assert_eq!(interfaces, HOST.map(|(interface, _)| interface));
    let wit = read("wit/plugin/plugin.wit");
    let of = |world: &str| block(&wit, &format!("world {world} {{"));
    let imports = [of("plain-imports"), of("imports")].concat();
    let imports = imports.into_iter().filter_map(|line| line.strip_prefix("import "));
    let imports: Vec<&str> = imports.map(|line| line.trim_end_matches(';')).collect();
    assert_eq!(imports, IMPORTS, "an import is linked by grant, or gives nothing");
    for world in ["plugin", "plain", "tools-only", "whole"] {
        let imports = of(world);
        assert!(!imports.iter().any(|line| line.starts_with("import ")), "{world}: {imports:?}");
    }
}
