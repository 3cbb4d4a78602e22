//! What is linked for a plugin: what is always there, what its grants name, and for what they do
//! not name functions that refuse (`stubs.rs`). An import that the host does not know is refused
//! here, in our own words, before wasmtime sees it (I7).

use cofferdam_grants::Grants;
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::cli::WasiCli;
use wasmtime_wasi::cli::WasiCliView as _;
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{WasiView, p2::bindings as v0_2, p3::bindings as v0_3};

use crate::component::{imports, is_packed};
use crate::enforce::{DNS, FILES, HANDLERS, ICMP, NAMES, SCRIPTS, SOCKETS};
use crate::error::LoadError;
use crate::host;
use crate::offer::Offer;
use crate::state::State;
use crate::stubs;

/// The whole of what this host offers.
const OFFERS: &[&Offer] = &[&INERT, &FILES, &SOCKETS, &DNS, &ICMP, &NAMES, &HANDLERS, &SCRIPTS];

/// Nothing stands behind these that could be granted: clocks, random numbers, empty streams, an
/// empty environment.
const INERT: Offer = Offer {
    imports: &[
        "cofferdam:host/types",
        "cofferdam:host/content",
        "cofferdam:host/logging",
        "cofferdam:host/calls",
        "cofferdam:host/cancellation",
        "cofferdam:host/instance",
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

/// Refuses a component that imports what this host does not know. A packed one comes with this
/// program, whose tests have looked at it: no call waits until it is unpacked.
pub fn check_imports(plugin: &str, bytes: &[u8]) -> Result<(), LoadError> {
    if is_packed(bytes) {
        return Ok(());
    }
    let imports = imports(bytes).map_err(|cause| LoadError::Invalid { plugin: plugin.to_owned(), cause })?;
    let unknown = imports.into_iter().find(|import| !OFFERS.iter().any(|offer| offer.has(import)));
    unknown.map_or(Ok(()), |import| Err(LoadError::UnknownImport { plugin: plugin.to_owned(), import }))
}

/// A linker for a component: with what its grants name, and with nothing behind what else it
/// imports.
#[expect(clippy::disallowed_methods, reason = "what is linked over something else refuses: it grants less")]
pub fn linker(engine: &Engine, component: &Component, grants: &Grants) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    for offer in OFFERS.iter().filter(|offer| (offer.is_granted)(grants)) {
        (offer.link)(&mut linker)?;
    }
    linker.allow_shadowing(true);
    for (import, item) in component.component_type().imports(engine) {
        let is_denied = OFFERS.iter().any(|offer| offer.has(import) && !(offer.is_granted)(grants));
        if let ComponentItem::ComponentInstance(interface) = &item.ty
            && is_denied
        {
            stubs::deny(&mut linker, engine, import, interface)?;
        }
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
