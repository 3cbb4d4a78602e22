//! Which imports exist for a plugin: those that are always there, and those that its grants name. An import that is neither
//! is refused here, in our own words, before wasmtime sees it (I7).

use cofferdam_grants::{Grants, Protocol, Rule};
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::cli::WasiCli;
use wasmtime_wasi::cli::WasiCliView as _;
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{WasiView, p2::bindings as v0_2, p3::bindings as v0_3};

use crate::abi::since_0_1_0::{Host, host};
use crate::component::imports;
use crate::enforce::{
    add_dns, add_files_0_2, add_icmp, add_names, add_names_0_2, add_names_0_3, add_sockets_0_2, add_sockets_0_3,
};
use crate::error::LoadError;
use crate::state::State;

/// What an import is to the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Behind it is nothing that could be granted: clocks, random numbers, empty streams, an empty environment, no directories.
    Inert,
    /// TCP: there is something behind it only with a `connect` rule.
    Connect,
    /// Files of WASI 0.2: there is something behind them only with a `read` rule.
    Files,
    /// Questions to name servers: only with a `resolve` rule.
    Resolve,
    /// Names, and the types of addresses: whatever may be done with an address needs them.
    Names,
    /// Echo requests: a `ping` rule.
    Ping,
    /// Not offered.
    Unknown,
}

/// The whole of what this host offers, by interface; versions are matched by wasmtime (any compatible one).
fn kind(import: &str) -> Kind {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    if interface.starts_with("wasi:") && !(version.starts_with("0.2.") || version.starts_with("0.3.")) {
        return Kind::Unknown;
    }
    match interface {
        "cofferdam:plugin/host" | "cofferdam:plugin/tools"
        | "wasi:io/error" | "wasi:io/poll" | "wasi:io/streams"
        | "wasi:clocks/types" | "wasi:clocks/monotonic-clock" | "wasi:clocks/wall-clock" | "wasi:clocks/system-clock"
        | "wasi:random/random" | "wasi:random/insecure" | "wasi:random/insecure-seed"
        | "wasi:cli/types" | "wasi:cli/environment" | "wasi:cli/exit"
        | "wasi:cli/stdin" | "wasi:cli/stdout" | "wasi:cli/stderr"
        | "wasi:cli/terminal-input" | "wasi:cli/terminal-output"
        | "wasi:cli/terminal-stdin" | "wasi:cli/terminal-stdout" | "wasi:cli/terminal-stderr" => Kind::Inert,
        "wasi:filesystem/types" | "wasi:filesystem/preopens" if version.starts_with("0.2.") => Kind::Files,
        "cofferdam:plugin/icmp" => Kind::Ping,
        "wasi:sockets/types" | "wasi:sockets/ip-name-lookup" if version.starts_with("0.3.") => Kind::Names,
        "cofferdam:plugin/names" => Kind::Names,
        "wasi:sockets/network" | "wasi:sockets/instance-network"
        | "wasi:sockets/ip-name-lookup" | "wasi:sockets/tcp" | "wasi:sockets/tcp-create-socket"
        // UDP comes with the socket types of both versions; every use of it is denied.
        | "wasi:sockets/udp" | "wasi:sockets/udp-create-socket" => Kind::Connect,
        "cofferdam:plugin/dns" => Kind::Resolve,
        _ => Kind::Unknown,
    }
}

/// Refuses a component that needs what it is not granted.
pub fn check_imports(plugin: &str, bytes: &[u8], grants: &Grants) -> Result<(), LoadError> {
    let mut imports = imports(bytes).map_err(|cause| LoadError::Invalid { plugin: plugin.to_owned(), cause })?;
    // What an interface needs beside it stands before it, and says less about what is missing.
    imports.sort_by_key(|import| kind(import) == Kind::Names);
    for import in imports {
        let plugin = plugin.to_owned();
        match kind(&import) {
            Kind::Inert => {}
            // C libraries bring files along whether they are used or not. Without a grant there is no directory and so no handle
            // to call any of it on; only a plugin that is there to read files cannot do without.
            Kind::Files if grants.grants_read() || !grants.wants().iter().any(|want| matches!(want, Rule::Read(_))) => {
            }
            Kind::Files => return Err(LoadError::NotGranted { plugin, import, capability: "read" }),
            Kind::Connect if grants.grants_connect(Protocol::Tcp) => {}
            Kind::Resolve if grants.grants_query() => {}
            Kind::Resolve => return Err(LoadError::NotGranted { plugin, import, capability: "resolve" }),
            Kind::Ping if grants.grants_ping() => {}
            Kind::Names if grants.grants_connect(Protocol::Tcp) || grants.grants_ping() => {}
            Kind::Ping => return Err(LoadError::NotGranted { plugin, import, capability: "ping" }),
            Kind::Connect | Kind::Names => return Err(LoadError::NotGranted { plugin, import, capability: "connect" }),
            Kind::Unknown => return Err(LoadError::UnknownImport { plugin, import }),
        }
    }
    Ok(())
}

/// Refuses a component that uses sockets where only the types of their addresses are granted: both are of one interface, and which
/// it is stands in the compiled component's type.
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
        Some((import, _)) if !grants.grants_connect(Protocol::Tcp) => {
            Err(LoadError::NotGranted { plugin: plugin.to_owned(), import: import.to_owned(), capability: "connect" })
        }
        _ => Ok(()),
    }
}

/// A linker with what these grants name, and nothing else.
pub fn linker(engine: &Engine, grants: &Grants) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    host::add_to_linker::<State, Host>(l, |state| state)?;
    inert(l)?;
    add_files_0_2(l)?;
    if grants.grants_connect(Protocol::Tcp) {
        add_sockets_0_3(l)?;
        add_sockets_0_2(l)?;
        add_names_0_2(l)?;
    }
    if grants.grants_connect(Protocol::Tcp) || grants.grants_ping() {
        add_names_0_3(l)?;
        add_names(l)?;
    }
    if grants.grants_ping() {
        add_icmp(l)?;
    }
    if grants.grants_query() {
        add_dns(l)?;
    }
    Ok(linker)
}

fn inert(l: &mut Linker<State>) -> wasmtime::Result<()> {
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
