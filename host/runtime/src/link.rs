//! Which imports exist for a plugin: those that are always there, and those that its grants name.
//! An import that is neither is refused here, in our own words, before wasmtime sees it (I7).

use cofferdam_grants::Grants;
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::cli::WasiCli;
use wasmtime_wasi::cli::WasiCliView as _;
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{WasiView, p2::bindings as v0_2, p3::bindings as v0_3};

use crate::component::imports;
use crate::enforce::{DNS, FILES, HANDLERS, ICMP, NAMES, SOCKETS};
use crate::error::LoadError;
use crate::host;
use crate::offer::Offer;
use crate::state::State;

/// The whole of what this host offers.
const OFFERS: &[&Offer] = &[&INERT, &FILES, &SOCKETS, &DNS, &ICMP, &NAMES, &HANDLERS];

/// Nothing stands behind these that could be granted: clocks, random numbers, empty streams, an
/// empty environment.
const INERT: Offer = Offer {
    key: "",
    imports: &[
        "cofferdam:plugin/host",
        "cofferdam:plugin/tools",
        "wasi:io/error",
        "wasi:io/poll",
        "wasi:io/streams",
        "wasi:clocks/types",
        "wasi:clocks/monotonic-clock",
        "wasi:clocks/wall-clock",
        "wasi:clocks/system-clock",
        "wasi:random/random",
        "wasi:random/insecure",
        "wasi:random/insecure-seed",
        "wasi:cli/types",
        "wasi:cli/environment",
        "wasi:cli/exit",
        "wasi:cli/stdin",
        "wasi:cli/stdout",
        "wasi:cli/stderr",
        "wasi:cli/terminal-input",
        "wasi:cli/terminal-output",
        "wasi:cli/terminal-stdin",
        "wasi:cli/terminal-stdout",
        "wasi:cli/terminal-stderr",
    ],
    is_granted: |_| true,
    link: inert,
};

/// Refuses a component that needs what it is not granted.
pub fn check_imports(plugin: &str, bytes: &[u8], grants: &Grants) -> Result<(), LoadError> {
    let mut imports = imports(bytes).map_err(|cause| LoadError::Invalid { plugin: plugin.to_owned(), cause })?;
    // Sockets need names beside them, which stand before them and say less about what is missing.
    imports.sort_by_key(|import| NAMES.has(import));
    for import in imports {
        match OFFERS.iter().find(|offer| offer.has(&import)) {
            Some(offer) if (offer.is_granted)(grants) => {}
            Some(offer) => return Err(not_granted(plugin, &import, offer)),
            None => return Err(LoadError::UnknownImport { plugin: plugin.to_owned(), import }),
        }
    }
    Ok(())
}

/// Refuses a component that uses sockets where only the types of their addresses are granted. Both
/// are of one interface; which it is stands in the compiled component's type.
pub fn check_uses(plugin: &str, component: &Component, grants: &Grants) -> Result<(), LoadError> {
    let engine = component.engine();
    let calls = |item: &ComponentItem| match item {
        ComponentItem::ComponentInstance(instance) => {
            instance.exports(engine).any(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_)))
        }
        _ => false,
    };
    let ty = component.component_type();
    let sockets =
        ty.imports(engine).find(|(name, import)| name.starts_with("wasi:sockets/types@") && calls(&import.ty));
    match sockets {
        Some((import, _)) if !(SOCKETS.is_granted)(grants) => Err(not_granted(plugin, import, &SOCKETS)),
        _ => Ok(()),
    }
}

fn not_granted(plugin: &str, import: &str, offer: &Offer) -> LoadError {
    LoadError::NotGranted { plugin: plugin.to_owned(), import: import.to_owned(), capability: offer.key }
}

/// A linker with what these grants name, and nothing else.
pub fn linker(engine: &Engine, grants: &Grants) -> wasmtime::Result<Linker<State>> {
    link(engine, |offer| (offer.is_granted)(grants))
}

/// A linker with everything that the host offers, for instances behind a gate that denies
/// everything.
pub fn linker_of_everything(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    link(engine, |_| true)
}

fn link(engine: &Engine, is_linked: impl Fn(&Offer) -> bool) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    for offer in OFFERS.iter().filter(|offer| is_linked(offer)) {
        (offer.link)(&mut linker)?;
    }
    Ok(linker)
}

fn inert(l: &mut Linker<State>) -> wasmtime::Result<()> {
    host::add_to_linker(l)?;
    v0_3::clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(l, State::clocks)?;
    v0_3::clocks::system_clock::add_to_linker::<State, WasiClocks>(l, State::clocks)?;
    v0_3::random::random::add_to_linker::<State, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    v0_3::random::insecure::add_to_linker::<State, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    v0_3::random::insecure_seed::add_to_linker::<State, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    wasmtime_wasi::p3::cli::add_to_linker(l)?;

    wasmtime_wasi_io::bindings::wasi::io::error::add_to_linker::<State, HasTable>(l, |s| s.ctx().table)?;
    wasmtime_wasi_io::bindings::wasi::io::poll::add_to_linker::<State, HasTable>(l, |s| s.ctx().table)?;
    wasmtime_wasi_io::bindings::wasi::io::streams::add_to_linker::<State, HasTable>(l, |s| s.ctx().table)?;
    v0_2::clocks::wall_clock::add_to_linker::<State, WasiClocks>(l, State::clocks)?;
    v0_2::clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(l, State::clocks)?;
    v0_2::random::random::add_to_linker::<State, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    v0_2::random::insecure::add_to_linker::<State, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    v0_2::random::insecure_seed::add_to_linker::<State, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    v0_2::cli::exit::add_to_linker::<State, WasiCli>(l, State::cli)?;
    v0_2::cli::environment::add_to_linker::<State, WasiCli>(l, State::cli)?;
    v0_2::cli::stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    v0_2::cli::stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    v0_2::cli::stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    v0_2::cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    v0_2::cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    v0_2::cli::terminal_stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    v0_2::cli::terminal_stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    v0_2::cli::terminal_stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    Ok(())
}

struct HasTable;

impl wasmtime::component::HasData for HasTable {
    type Data<'a> = &'a mut wasmtime::component::ResourceTable;
}
