//! Builds the components that are shipped in the binary, and writes `$OUT_DIR/shipped.rs` with them
//! and their tool definitions. How they are built, and where the compiler for them comes from, is
//! `cofferdam-xtask`.

#![expect(clippy::disallowed_methods, reason = "a build script reads what cargo tells it and writes into `OUT_DIR`")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use cofferdam_xtask::{Component, Toolchain, What, build_components, loud_progress};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// What is shipped: packages of the workspace in `plugins/`, each in the folder of its name.
const SHIPPED: &[&str] = &["tcp", "telnet", "files", "dns", "ping"];

/// The protocol handlers that are shipped: packages in the folder `handlers`.
const HANDLERS: &[&str] = &[
    "lines-handler",
    "frames-handler",
    "json-handler",
    "irc-handler",
    "redis-handler",
    "mqtt-handler",
    "modbus-handler",
    "smtp-handler",
    "http1-handler",
    "nmea-handler",
    // Runs trigger scripts. It only computes, as handlers do.
    "script",
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
    let all = [SHIPPED, HANDLERS].concat();
    progress(&format!("building the shipped plugins ({}) with {}", all.join(", "), toolchain.describe()));
    // The target folder of the outer cargo is locked while that cargo waits for us.
    let built = build_components(&toolchain, &plugins, &out.join("plugins"), What::Packages(&all), &mut progress)
        .map_err(|error| error.to_string())?;

    let list = out.join("shipped.rs");
    fs::write(&list, shipped(&plugins, &built)?).map_err(|error| format!("cannot write `{}`: {error}", list.display()))
}

fn folder(variable: &str) -> Result<PathBuf, String> {
    std::env::var_os(variable).map(PathBuf::from).ok_or_else(|| format!("cargo has not set `{variable}`"))
}

/// The source of the list that the program includes.
fn shipped(plugins: &Path, built: &[Component]) -> Result<String, String> {
    let mut source = String::from("/// What the build script has built.\npub static SHIPPED: &[Shipped] = &[\n");
    for (name, handler) in SHIPPED.iter().map(|name| (name, false)).chain(HANDLERS.iter().map(|name| (name, true))) {
        let component = built.iter().find(|component| component.name == *name);
        let component = component.ok_or_else(|| format!("cargo has built no component named `{name}`"))?;
        let definitions = plugins.join(name).join("tools.json");
        // Without them the program asks the component: that is how they are made (`cofferdam tools
        // --json --fresh`).
        let definitions = match definitions.is_file() {
            true => format!("include_bytes!({:?})", definitions.display().to_string()),
            false => "b\"\"".to_owned(),
        };
        let bytes = fs::read(&component.path).map_err(|error| format!("`{}`: {error}", component.path.display()))?;
        let digest = HEXLOWER.encode(&Sha256::digest(bytes));
        let code = code(&digest)?;
        let component = component.path.display().to_string();
        source += &format!(
            "    Shipped {{ component: include_bytes!({component:?}), handler: {handler}, digest: {digest:?}, code: {code}, \
             definitions: {definitions} }},\n"
        );
    }
    Ok(source + "];\n")
}

/// A component's code that was compiled ahead, from the folder that a release names. Code under
/// another digest was made from another component.
fn code(digest: &str) -> Result<String, String> {
    let Some(folder) = std::env::var_os(CODE).map(PathBuf::from) else { return Ok("None".to_owned()) };
    let file = folder.join(format!("{digest}.code"));
    println!("cargo:rerun-if-changed={}", file.display());
    match file.is_file() {
        true => Ok(format!("Some(include_bytes!({:?}))", file.display().to_string())),
        false => Err(format!("there is no `{}`: `cofferdam compile` writes it", file.display())),
    }
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
