//! A component's code made ready: taken from what is kept or came with this program, or compiled;
//! then linked.

use std::borrow::Cow;
use std::sync::Arc;

use cofferdam_audit::Event;
use wasmtime::Engine;

use crate::component::{Digest, compile_memory, unpacked};
use crate::engine::{Code, Runtime};
use crate::error::LoadError;
use crate::instance::Made;
use crate::memory::{Held, PluginMemory};

/// A component, and the engine that it is compiled for.
pub struct Source<'a> {
    pub runtime: &'a Runtime,
    pub engine: &'a Engine,
    pub name: &'a str,
    /// Packed, where it comes with this program.
    pub bytes: &'a [u8],
    pub digest: &'a Digest,
    /// Its code, packed, where it was compiled ahead and came with this program.
    pub ahead: Option<&'static [u8]>,
    /// What compiling it counts against.
    pub memory: &'a PluginMemory,
}

/// What is made of a component's code.
pub trait Prepare: Send + Sync + 'static {
    /// Its code, loaded.
    type Loaded;
    /// Its code, linked.
    type Linked: Send + Sync + 'static;

    /// The component.
    fn source(&self) -> Source<'_>;

    /// Loads code that an engine of its settings has made.
    ///
    /// # Errors
    /// It is code of another version, or of another machine.
    fn load(&self, code: &Code) -> wasmtime::Result<Self::Loaded>;

    /// Links what was loaded.
    ///
    /// # Errors
    /// It is none of its world.
    fn link(&self, loaded: Self::Loaded) -> Result<Self::Linked, LoadError>;
}

/// Takes the code from the cache, or compiles it; then links it.
///
/// # Errors
/// It is no such component, or there is no memory to compile it.
pub async fn prepare<P: Prepare>(component: Arc<P>) -> Made<P::Linked> {
    let runtime = component.source().runtime.clone();
    let failed = |cause: String| LoadError::NotCompiled { plugin: component.source().name.to_owned(), cause };
    let own = Arc::clone(&component);
    let kept = tokio::task::spawn_blocking(move || {
        let Source { runtime, engine, name, digest, ahead, .. } = own.source();
        // Code that was compiled on this machine uses all of its CPU.
        let kept = runtime.kept_code(engine, digest).and_then(|code| load(&*own, &code));
        let loaded = kept.or_else(|| load(&*own, &runtime.code_ahead(engine, name, digest, ahead)?));
        loaded.map(|loaded| link(&*own, loaded)).transpose()
    });
    if let Some(linked) = kept.await.map_err(|_| failed("its code cannot be read".to_owned()))?? {
        return Ok(linked);
    }
    let own = Arc::clone(&component);
    let compiled = runtime.compiler().run(move || {
        let source = own.source();
        let invalid = |cause| LoadError::Invalid { plugin: source.name.to_owned(), cause };
        let bytes = unpacked(source.bytes).map_err(invalid)?;
        if matches!(bytes, Cow::Owned(_)) {
            tracing::debug!(target: "cofferdam", plugin = source.name, "the component is unpacked");
        }
        let _memory = memory_to_compile(&source, &bytes)?;
        let code = source.runtime.compile(source.engine, source.name, &bytes, source.digest)?;
        link(&*own, own.load(&code).map_err(|error| invalid(format!("{error:#}")))?)
    });
    let compiled = compiled.await;
    // A compiler leaves much memory behind.
    runtime.trimmer().much_was_used();
    compiled.map_err(|error| failed(error.to_string()))?
}

/// Loads code that was made earlier.
fn load<P: Prepare>(component: &P, code: &Code) -> Option<P::Loaded> {
    let told = |error: &wasmtime::Error| {
        let (name, error) = (component.source().name, format_args!("{error:#}"));
        tracing::debug!(target: "cofferdam", plugin = name, %error, "code is made again");
    };
    component.load(code).inspect_err(told).ok()
}

fn link<P: Prepare>(component: &P, loaded: P::Loaded) -> Made<P::Linked> {
    let linked = component.link(loaded)?;
    let Source { runtime, name, digest, .. } = component.source();
    // If it cannot be written now, it is before anything that the component asks for: until then
    // nothing is granted.
    runtime.sink().defer(&Event::Loaded { plugin: name, digest: digest.as_str() });
    Ok(Arc::new(linked))
}

/// Counts what the compiler will use: a component may be made so that it is very much.
fn memory_to_compile(source: &Source<'_>, bytes: &[u8]) -> Result<Held, LoadError> {
    let plugin = || source.name.to_owned();
    let takes = compile_memory(bytes).map_err(|cause| LoadError::Invalid { plugin: plugin(), cause })?;
    let mebibytes = takes >> 20;
    tracing::debug!(target: "cofferdam", plugin = source.name, mebibytes, "compiling");
    source.memory.take(takes).ok_or_else(|| LoadError::NotCompiled {
        plugin: plugin(),
        cause: format!("compiling it takes about {mebibytes} MiB, and there is not so much (limit `total_memory`)"),
    })
}
