//! The interface `host`: what a plugin may ask of its host about itself and its calls. Nothing here
//! reaches the world.

use cofferdam_grants::{cut, printable_text};
use wasmtime::component::{Accessor, HasData, Linker};

use crate::abi::since_0_1_0::host::{self, Cancellation, Level, Limits};
use crate::call;
use crate::progress::Progress;
use crate::state::{LINE, State};

/// Links the interface.
pub fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    host::add_to_linker::<State, Host>(linker, |state| state)
}

/// Where the generated code finds our state.
struct Host;

impl HasData for Host {
    type Data<'a> = &'a mut State;
}

impl host::Host for State {
    fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Trace | Level::Debug => tracing::Level::DEBUG,
            Level::Info => tracing::Level::INFO,
            Level::Warn => tracing::Level::WARN,
            Level::Error => tracing::Level::ERROR,
        };
        self.log.line(level, "log", message.as_bytes());
        Ok(())
    }

    fn progress(
        &mut self,
        call: u64,
        progress: f64,
        total: Option<f64>,
        message: Option<String>,
    ) -> wasmtime::Result<()> {
        let wanted = self.calls.get(&call).filter(|state| state.reports().are_wanted());
        if let Some(state) = wanted {
            let message = message.map(|text| printable_text(cut(&text, LINE).to_owned()));
            state.reports().report(Progress { progress, total, message });
        }
        Ok(())
    }

    fn time_left(&mut self, call: u64) -> wasmtime::Result<u64> {
        let left = self.calls.get(&call).map(|state| state.time_left()).unwrap_or_default();
        Ok(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }

    fn settings(&mut self) -> wasmtime::Result<String> {
        Ok(self.about.settings.clone())
    }

    fn get_limits(&mut self) -> wasmtime::Result<Limits> {
        let limits = &self.about.limits;
        Ok(Limits {
            memory: limits.memory,
            connections: limits.connections,
            call_ms: u64::try_from(limits.call.as_millis()).unwrap_or(u64::MAX),
            output: limits.output,
        })
    }

    fn predecessor(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.predecessor.clone())
    }
}

impl host::HostWithStore<State> for Host {
    async fn cancelled(accessor: &Accessor<State, Self>, number: u64) -> wasmtime::Result<Cancellation> {
        let state = accessor.with(|mut access| access.get().calls.get(&number).cloned());
        Ok(match state {
            Some(state) => match state.cancelled().await {
                call::Cancellation::Cancelled => Cancellation::Cancelled,
                call::Cancellation::Deadline => Cancellation::Deadline,
            },
            // A call that is not running will not be cancelled either.
            None => std::future::pending().await,
        })
    }
}
