//! Builds the components that are shipped in the binary, and writes `$OUT_DIR/shipped.rs` with them
//! and their tool definitions. How they are built, and where the compiler for them comes from, is
//! `cofferdam-xtask`.

#![expect(clippy::disallowed_methods, reason = "a build script reads what cargo tells it and writes into `OUT_DIR`")]

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use cofferdam_packed::{Archive, Effort, Entry};
use cofferdam_xtask::{Component, Toolchain, What, build_components, loud_progress};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// A component that is shipped.
struct Row {
    /// Its package in the workspace `plugins/`.
    package: &'static str,
    /// Its folder there.
    folder: &'static str,
    handler: bool,
    /// The component whose code it has much in common with, and is packed as a difference from.
    like: Option<&'static str>,
}

/// A plugin, in the folder of its name.
const fn plugin(package: &'static str, like: Option<&'static str>) -> Row {
    Row { package, folder: package, handler: false, like }
}

/// A protocol handler.
const fn handler(package: &'static str, folder: &'static str, like: &'static str) -> Row {
    Row { package, folder, handler: true, like: Some(like) }
}

/// What is shipped. A component is packed after the one that it is like.
const SHIPPED: &[Row] = &[
    plugin("tcp", None),
    plugin("telnet", Some("tcp")),
    plugin("files", Some("tcp")),
    plugin("dns", Some("tcp")),
    plugin("ping", Some("tcp")),
    Row { package: "lines-handler", folder: "handlers/lines", handler: true, like: None },
    handler("frames-handler", "handlers/frames", "lines-handler"),
    handler("json-handler", "handlers/json", "lines-handler"),
    handler("irc-handler", "handlers/irc", "lines-handler"),
    handler("redis-handler", "handlers/redis", "lines-handler"),
    handler("mqtt-handler", "handlers/mqtt", "lines-handler"),
    handler("modbus-handler", "handlers/modbus", "lines-handler"),
    handler("smtp-handler", "handlers/smtp", "lines-handler"),
    handler("http1-handler", "handlers/http1", "lines-handler"),
    handler("nmea-handler", "handlers/nmea", "lines-handler"),
    // Runs trigger scripts. It only computes, as handlers do; its regular expressions are `tcp`'s.
    handler("script", "scripts", "tcp"),
];

/// A folder with code that was compiled ahead. Without it, this binary compiles its plugins when
/// they are first used.
const CODE: &str = "COFFERDAM_CODE";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot build the shipped plugins\n{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let root = folder("CARGO_MANIFEST_DIR")?;
    let out = folder("OUT_DIR")?;
    let plugins = root.join("plugins");
    watch(&root, &plugins).map_err(|error| format!("`{}`: {error}", plugins.display()))?;

    let mut progress = loud_progress();
    let toolchain = Toolchain::ensure(&mut progress).map_err(|error| error.to_string())?;
    let all: Vec<&str> = SHIPPED.iter().map(|row| row.package).collect();
    progress(&format!("building the shipped plugins ({}) with {}", all.join(", "), toolchain.describe()));
    // The target folder of the outer cargo is locked while that cargo waits for us.
    let built = build_components(&toolchain, &plugins, &out.join("plugins"), What::Packages(&all), &mut progress)
        .map_err(|error| error.to_string())?;

    let (list, archive) = (out.join("shipped.rs"), out.join("shipped.pack"));
    let (source, packed) = shipped(&plugins, &built, &archive)?;
    let write = |file: &Path, bytes: &[u8]| {
        fs::write(file, bytes).map_err(|error| format!("cannot write `{}`: {error}", file.display()))
    };
    write(&archive, packed.bytes())?;
    write(&list, source.as_bytes())
}

fn folder(variable: &str) -> Result<PathBuf, String> {
    std::env::var_os(variable).map(PathBuf::from).ok_or_else(|| format!("cargo has not set `{variable}`"))
}

/// The source of the list that the program includes, and the archive that it includes from that
/// file.
fn shipped(plugins: &Path, built: &[Component], file: &Path) -> Result<(String, Archive), String> {
    // A release is packed as well as can be; other builds do not wait for that.
    let ahead = std::env::var_os(CODE).map(PathBuf::from);
    let mut archive = Archive::new(if ahead.is_some() { Effort::Best } else { Effort::Quick });
    let mut components: Vec<(&'static str, Entry)> = Vec::new();
    let mut codes: Vec<(&'static str, Entry)> = Vec::new();
    let mut rows = String::new();
    for row in SHIPPED {
        let component = built.iter().find(|component| component.name == row.package);
        let component = component.ok_or_else(|| format!("cargo has built no component named `{}`", row.package))?;
        let folder = plugins.join(row.folder);
        let definitions = folder.join("tools.json");
        // Without them the program asks the component: that is how they are made (`cofferdam tools
        // --json --fresh`).
        let definitions = match definitions.is_file() {
            true => format!("include_bytes!({:?})", definitions.display().to_string()),
            false => "b\"\"".to_owned(),
        };
        let manifest = folder.join("plugin.toml").display().to_string();
        let bytes = read(&component.path)?;
        let digest = HEXLOWER.encode(&Sha256::digest(&bytes));
        let component = pack(&mut archive, &mut components, row, bytes)?;
        let code = match &ahead {
            Some(folder) => format!("Some({})", pack(&mut archive, &mut codes, row, code(folder, &digest)?)?),
            None => "None".to_owned(),
        };
        rows += &format!(
            "    Shipped {{ component: {component}, manifest: include_str!({manifest:?}), handler: {}, digest: {digest:?}, \
             code: {code}, definitions: {definitions} }},\n",
            row.handler
        );
    }
    let file = file.display().to_string();
    let source = format!(
        "static PACKED: &[u8] = include_bytes!({file:?});\n\
         const fn packed(start: usize, end: usize) -> &'static [u8] {{ PACKED.split_at(end).0.split_at(start).1 }}\n\
         /// What the build script has built.\npub static SHIPPED: &[Shipped] = &[\n{rows}];\n"
    );
    Ok((source, archive))
}

/// Packs a component or its code as what differs from the one that its row is like. Gives the
/// expression that names the packed form.
fn pack(
    archive: &mut Archive,
    done: &mut Vec<(&'static str, Entry)>,
    row: &Row,
    bytes: Vec<u8>,
) -> Result<String, String> {
    let like = row.like.map(|like| {
        let found = done.iter().find(|(package, _)| *package == like);
        found
            .map(|(_, entry)| entry)
            .ok_or_else(|| format!("`{}` stands before `{like}`, which it is like", row.package))
    });
    let entry = archive.add(bytes, like.transpose()?).map_err(|error| format!("`{}`: {error}", row.package))?;
    let Range { start, end } = entry.range;
    done.push((row.package, entry));
    Ok(format!("packed({start}, {end})"))
}

/// A component's code that was compiled ahead, from the folder that a release names. Code under
/// another digest was made from another component.
fn code(folder: &Path, digest: &str) -> Result<Vec<u8>, String> {
    let file = folder.join(format!("{digest}.code"));
    println!("cargo:rerun-if-changed={}", file.display());
    read(&file).map_err(|error| format!("{error}: `cofferdam compile` writes it"))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("`{}`: {error}", file.display()))
}

/// Tells cargo what the components are made of: the plugins and the contract, but not what a build
/// in `plugins/` leaves there.
fn watch(root: &Path, plugins: &Path) -> io::Result<()> {
    println!("cargo:rerun-if-env-changed=COFFERDAM_GUEST_TOOLCHAIN");
    println!("cargo:rerun-if-env-changed={CODE}");
    println!("cargo:rerun-if-changed={}", root.join("host/cli/build.rs").display());
    println!("cargo:rerun-if-changed={}", root.join("wit").display());
    println!("cargo:rerun-if-changed={}", plugins.join(".cargo").display());
    for entry in fs::read_dir(plugins)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != "target" && !name.to_string_lossy().starts_with('.') {
            println!("cargo:rerun-if-changed={}", entry.path().display());
        }
    }
    Ok(())
}
