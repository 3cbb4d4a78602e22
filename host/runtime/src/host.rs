//! The package `cofferdam:host`: what a plugin may ask of its host about itself and its calls.
//! Nothing here reaches the world.

use std::sync::Arc;

use cofferdam_grants::{cut, printable_text};
use wasmtime::component::{Accessor, HasData, Linker, Resource};
use wasmtime_wasi::WasiView as _;

use crate::abi::plugin_0_1_0::cancellation::Reason;
use crate::abi::plugin_0_1_0::content::Block;
use crate::abi::plugin_0_1_0::instance::Limits;
use crate::abi::plugin_0_1_0::logging::Level;
use crate::abi::plugin_0_1_0::types::Refusal;
use crate::abi::plugin_0_1_0::{calls, cancellation, content, instance, logging, types};
use crate::blocks;
use crate::call::Cancellation;
use crate::context::Context;
use crate::progress::Progress;
use crate::state::{LINE, State};

/// Links the package's interfaces.
pub fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    types::add_to_linker::<State, Host>(linker, |state| state)?;
    content::add_to_linker::<State, Host>(linker, |state| state)?;
    logging::add_to_linker::<State, Host>(linker, |state| state)?;
    calls::add_to_linker::<State, Host>(linker, |state| state)?;
    cancellation::add_to_linker::<State, Host>(linker, |state| state)?;
    instance::add_to_linker::<State, Host>(linker, |state| state)
}

/// Where the generated code finds our state.
struct Host;

impl HasData for Host {
    type Data<'a> = &'a mut State;
}

impl State {
    fn context(&mut self, context: &Resource<Context>) -> wasmtime::Result<&Context> {
        Ok(self.ctx().table.get(context)?)
    }
}

impl types::Host for State {}
impl content::Host for State {}
impl calls::Host for State {}
impl cancellation::Host for State {}

impl logging::Host for State {
    fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.log.line(severity(level), "log", message.as_bytes());
        Ok(())
    }
}

impl calls::HostContext for State {
    fn progress(
        &mut self,
        context: Resource<Context>,
        progress: f64,
        total: Option<f64>,
        message: Option<String>,
    ) -> wasmtime::Result<()> {
        if let Some(reports) = self.context(&context)?.state.wanted_reports() {
            let message = message.map(|text| printable_text(cut(&text, LINE).to_owned()));
            reports.report(Progress { progress, total, message });
        }
        Ok(())
    }

    fn time_left(&mut self, context: Resource<Context>) -> wasmtime::Result<u64> {
        let left = self.context(&context)?.state.time_left();
        Ok(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX))
    }

    fn log(&mut self, context: Resource<Context>, level: Level, message: String) -> wasmtime::Result<()> {
        let number = self.context(&context)?.number;
        self.log.line(severity(level), &format!("call {number}"), message.as_bytes());
        Ok(())
    }

    fn emit(&mut self, context: Resource<Context>, block: Block) -> wasmtime::Result<Result<(), Refusal>> {
        let state = Arc::clone(&self.context(&context)?.state);
        let block = match blocks::block(block) {
            Ok(block) => block,
            Err(expected) => return Ok(Err(Refusal::Denied(format!("a block has something that is not {expected}")))),
        };
        let shown = state.show(block, self.about.limits.output, &self.about.memory);
        Ok(shown.map_err(|limit| Refusal::Limit(format!("the limit `{limit}` is reached"))))
    }

    fn drop(&mut self, context: Resource<Context>) -> wasmtime::Result<()> {
        self.ctx().table.delete(context)?;
        Ok(())
    }
}

impl instance::Host for State {
    fn get_limits(&mut self) -> wasmtime::Result<Limits> {
        let limits = &self.about.limits;
        Ok(Limits {
            memory: limits.memory,
            connections: limits.connections,
            call: u64::try_from(limits.call.as_nanos()).unwrap_or(u64::MAX),
            output: limits.output,
        })
    }

    fn predecessor(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.predecessor.clone())
    }
}

impl cancellation::HostWithStore<State> for Host {
    async fn wait(accessor: &Accessor<State, Self>, context: Resource<Context>) -> wasmtime::Result<Reason> {
        let state = accessor.with(|mut access| {
            let state = Arc::clone(&access.get().context(&context)?.state);
            Ok::<_, wasmtime::Error>(state)
        })?;
        state.set_listens();
        Ok(match state.cancelled().await {
            Cancellation::Cancelled => Reason::Cancelled,
            Cancellation::Deadline => Reason::Deadline,
            Cancellation::Ended => Reason::Ended,
        })
    }
}

fn severity(level: Level) -> tracing::Level {
    match level {
        Level::Trace | Level::Debug => tracing::Level::DEBUG,
        Level::Info => tracing::Level::INFO,
        Level::Warn => tracing::Level::WARN,
        Level::Error => tracing::Level::ERROR,
    }
}
