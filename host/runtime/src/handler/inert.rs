//! What a handler may import: WASI 0.2 as a language's standard library asks for it, with nothing
//! behind it. There is no environment, no file, no socket: what would open one answers that it may
//! not. The clock stands where the time was handed in. Random numbers are the same for every
//! session, so that the same bytes give the same messages. What is written to standard error is
//! kept, for whoever asks why a handler ended.

use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType};
use wasmtime::{Engine, StoreContextMut, bail};

use super::state::HandlerState;
use crate::component::{imports, is_packed};
use crate::error::LoadError;
use crate::stubs;

/// The packages whose interfaces are linked, all of version 0.2.
const PACKAGES: &[&str] =
    &["wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:random/", "wasi:filesystem/", "wasi:sockets/"];

/// What an output stream takes at once.
const WRITE: u64 = 4096;
/// The most random bytes at once.
const RANDOM: u64 = 1 << 20;
/// What seeds hash maps.
const SEED: (u64, u64) = (0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344);

/// Handles of guests. There is nothing behind them.
struct Output;
struct Input;
struct Failure;
struct Pollable;
struct TerminalInput;
struct TerminalOutput;
struct Nothing;

type Context<'a> = StoreContextMut<'a, HandlerState>;
type Instance<'a> = LinkerInstance<'a, HandlerState>;

/// Why a stream cannot be used.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Resource<Failure>),
    #[component(name = "closed")]
    Closed,
}

/// A moment of the wall clock.
#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

/// Refuses a handler that imports more than the inert base.
pub fn check_imports(handler: &str, bytes: &[u8]) -> Result<(), LoadError> {
    // It comes with this program, whose tests have looked at it.
    if is_packed(bytes) {
        return Ok(());
    }
    let all = imports(bytes).map_err(|cause| LoadError::Invalid { plugin: handler.to_owned(), cause })?;
    let is_inert = |import: &str| {
        let version = import.split_once('@').map_or("", |(_, version)| version);
        PACKAGES.iter().any(|package| import.starts_with(package)) && version.starts_with("0.2.")
    };
    match all.into_iter().find(|import| !is_inert(import)) {
        Some(import) => Err(LoadError::UnknownImport { plugin: handler.to_owned(), import }),
        None => Ok(()),
    }
}

/// A linker for this component. What is not answered here traps when it is called: no handle that
/// it could be called with is ever given out.
#[expect(
    clippy::disallowed_methods,
    reason = "every import was looked at by `check_imports`; functions of ours alone stand behind them"
)]
pub fn linker(engine: &Engine, component: &Component) -> wasmtime::Result<Linker<HandlerState>> {
    let mut linker = Linker::new(engine);
    linker.allow_shadowing(true);
    let ty = component.component_type();
    for (import, item) in ty.imports(engine) {
        let interface = import.split_once('@').map_or(import, |(interface, _)| interface);
        let ComponentItem::ComponentInstance(own) = &item.ty else { continue };
        resources(&mut linker.instance(import)?, own, engine)?;
        if interface.starts_with("wasi:filesystem/") || interface.starts_with("wasi:sockets/") {
            stubs::deny(&mut linker, engine, import, own)?;
            continue;
        }
        let mut instance = linker.instance(import)?;
        match interface {
            "wasi:cli/environment" => environment(&mut instance)?,
            "wasi:cli/exit" => exit(&mut instance)?,
            "wasi:cli/stdin" => {
                instance.func_wrap("get-stdin", |_: Context<'_>, ()| Ok((Resource::<Input>::new_own(0),)))?;
            }
            "wasi:cli/stdout" => {
                instance.func_wrap("get-stdout", |_: Context<'_>, ()| Ok((Resource::<Output>::new_own(0),)))?;
            }
            "wasi:cli/stderr" => {
                instance.func_wrap("get-stderr", |_: Context<'_>, ()| Ok((Resource::<Output>::new_own(0),)))?;
            }
            "wasi:cli/terminal-stdin" => {
                instance
                    .func_wrap("get-terminal-stdin", |_: Context<'_>, ()| Ok((None::<Resource<TerminalInput>>,)))?;
            }
            "wasi:cli/terminal-stdout" => {
                instance
                    .func_wrap("get-terminal-stdout", |_: Context<'_>, ()| Ok((None::<Resource<TerminalOutput>>,)))?;
            }
            "wasi:cli/terminal-stderr" => {
                instance
                    .func_wrap("get-terminal-stderr", |_: Context<'_>, ()| Ok((None::<Resource<TerminalOutput>>,)))?;
            }
            "wasi:io/poll" => poll(&mut instance)?,
            "wasi:io/streams" => streams(&mut instance)?,
            "wasi:clocks/monotonic-clock" => monotonic_clock(&mut instance)?,
            "wasi:clocks/wall-clock" => wall_clock(&mut instance)?,
            "wasi:random/random" => random(&mut instance, ["get-random-bytes", "get-random-u64"])?,
            "wasi:random/insecure" => random(&mut instance, ["get-insecure-random-bytes", "get-insecure-random-u64"])?,
            "wasi:random/insecure-seed" => {
                instance.func_wrap("insecure-seed", |_: Context<'_>, ()| Ok((SEED,)))?;
            }
            _ => {}
        }
    }
    linker.define_unknown_imports_as_traps(component)?;
    Ok(linker)
}

/// The handles that an interface has, by their names: those of WASI are each of one interface, and
/// used in others under the same name.
fn resources(instance: &mut Instance<'_>, own: &ComponentInstance, engine: &Engine) -> wasmtime::Result<()> {
    for (name, export) in own.exports(engine) {
        if !matches!(export.ty, ComponentItem::Resource(_)) {
            continue;
        }
        let ty = match name {
            "error" => ResourceType::host::<Failure>(),
            "pollable" => ResourceType::host::<Pollable>(),
            "input-stream" => ResourceType::host::<Input>(),
            "output-stream" => ResourceType::host::<Output>(),
            "terminal-input" => ResourceType::host::<TerminalInput>(),
            "terminal-output" => ResourceType::host::<TerminalOutput>(),
            _ => ResourceType::host::<Nothing>(),
        };
        instance.resource(name, ty, |_, _| Ok(()))?;
    }
    Ok(())
}

fn environment(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.func_wrap("get-environment", |_: Context<'_>, ()| Ok((Vec::<(String, String)>::new(),)))?;
    instance.func_wrap("get-arguments", |_: Context<'_>, ()| Ok((Vec::<String>::new(),)))?;
    instance.func_wrap("initial-cwd", |_: Context<'_>, ()| Ok((None::<String>,)))
}

fn exit(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.func_wrap("exit", |_: Context<'_>, (_,): (Result<(), ()>,)| -> wasmtime::Result<()> { bail!("it exited") })
}

fn poll(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.func_wrap("[method]pollable.ready", |_: Context<'_>, (_,): (Resource<Pollable>,)| Ok((true,)))?;
    instance.func_wrap("[method]pollable.block", |_: Context<'_>, (_,): (Resource<Pollable>,)| Ok(()))?;
    instance.func_wrap("poll", |_: Context<'_>, (all,): (Vec<Resource<Pollable>>,)| {
        Ok(((0..all.len()).filter_map(|index| u32::try_from(index).ok()).collect::<Vec<u32>>(),))
    })
}

/// Input is at its end. Output is standard output or error: it is kept, not shown.
fn streams(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    type Written = (Result<(), StreamError>,);
    fn write(mut store: Context<'_>, (_, bytes): (Resource<Output>, Vec<u8>)) -> wasmtime::Result<Written> {
        store.data_mut().said(&bytes);
        Ok((Ok(()),))
    }
    fn flush(_: Context<'_>, (_,): (Resource<Output>,)) -> wasmtime::Result<Written> {
        Ok((Ok(()),))
    }
    fn read(_: Context<'_>, (_, _): (Resource<Input>, u64)) -> wasmtime::Result<(Result<Vec<u8>, StreamError>,)> {
        Ok((Err(StreamError::Closed),))
    }
    instance.func_wrap("[method]input-stream.read", read)?;
    instance.func_wrap("[method]input-stream.blocking-read", read)?;
    instance.func_wrap("[method]input-stream.subscribe", |_: Context<'_>, (_,): (Resource<Input>,)| {
        Ok((Resource::<Pollable>::new_own(0),))
    })?;
    instance.func_wrap("[method]output-stream.check-write", |_: Context<'_>, (_,): (Resource<Output>,)| {
        Ok((Ok::<u64, StreamError>(WRITE),))
    })?;
    instance.func_wrap("[method]output-stream.write", write)?;
    instance.func_wrap("[method]output-stream.blocking-write-and-flush", write)?;
    instance.func_wrap("[method]output-stream.flush", flush)?;
    instance.func_wrap("[method]output-stream.blocking-flush", flush)?;
    instance.func_wrap("[method]output-stream.subscribe", |_: Context<'_>, (_,): (Resource<Output>,)| {
        Ok((Resource::<Pollable>::new_own(0),))
    })
}

fn monotonic_clock(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    instance.func_wrap("now", |store: Context<'_>, ()| Ok((store.data().now.saturating_mul(1_000_000),)))?;
    instance.func_wrap("resolution", |_: Context<'_>, ()| Ok((1_000_000_u64,)))
}

fn wall_clock(instance: &mut Instance<'_>) -> wasmtime::Result<()> {
    let beginning = || Datetime { seconds: 0, nanoseconds: 0 };
    instance.func_wrap("now", move |_: Context<'_>, ()| Ok((beginning(),)))?;
    instance.func_wrap("resolution", move |_: Context<'_>, ()| Ok((Datetime { seconds: 1, nanoseconds: 0 },)))
}

fn random(instance: &mut Instance<'_>, [bytes, number]: [&str; 2]) -> wasmtime::Result<()> {
    instance.func_wrap(bytes, |mut store: Context<'_>, (length,): (u64,)| {
        if length > RANDOM {
            bail!("it asked for {length} random bytes at once");
        }
        let words = std::iter::repeat_with(|| store.data_mut().random().to_le_bytes()).flatten();
        Ok((words.take(usize::try_from(length).unwrap_or(0)).collect::<Vec<u8>>(),))
    })?;
    instance.func_wrap(number, |mut store: Context<'_>, ()| Ok((store.data_mut().random(),)))
}
