//! `cofferdam:plugin@0.1.0`: the host's side of it. What a plugin may do beyond talking to us is WASI's, linked by grant
//! in `link.rs`; nothing here reaches the world.

use wasmtime::component::{Accessor, HasData};

use crate::state::State;

mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package cofferdam:hosted;
            world hosted {
                import cofferdam:plugin/host@0.1.0;
                import cofferdam:plugin/dns@0.1.0;
                import cofferdam:plugin/icmp@0.1.0;
                import cofferdam:plugin/names@0.1.0;
                export cofferdam:plugin/tools@0.1.0;
            }
        ",
        path: "../../wit/since-0.1.0",
        imports: {
            "cofferdam:plugin/icmp.[static]socket.open": store | trappable,
            "cofferdam:plugin/icmp.[method]socket.send": store | trappable,
            "cofferdam:plugin/names.[static]lookup.start": store | trappable,
            default: trappable,
        },
        exports: { default: async },
        require_store_data_send: true,
        with: {
            "wasi:sockets": wasmtime_wasi::p3::bindings::sockets,
            "wasi:clocks": wasmtime_wasi::p3::bindings::clocks,
            "cofferdam:plugin/dns.query": crate::enforce::Query,
            "cofferdam:plugin/icmp.socket": crate::enforce::IcmpSocket,
            "cofferdam:plugin/names.lookup": crate::enforce::NameLookup,
        },
    });
}

pub use bindings::cofferdam::plugin::dns;
pub use bindings::cofferdam::plugin::host::{self, Cancellation, Level, Limits};
pub use bindings::cofferdam::plugin::icmp;
pub use bindings::cofferdam::plugin::names;
pub use bindings::exports::cofferdam::plugin::tools::{Definition, Failure, Hints, Output};
pub use bindings::{Hosted, HostedPre};

/// Where the generated code finds our state.
pub struct Host;

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
        if let Some(state) = self.calls.get(&call) {
            state.progress(progress, total, message);
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
    async fn cancelled(accessor: &Accessor<State, Self>, call: u64) -> wasmtime::Result<Cancellation> {
        let state = accessor.with(|mut access| access.get().calls.get(&call).cloned());
        Ok(match state {
            Some(state) => state.cancelled().await,
            // A call that is not running will not be cancelled either.
            None => std::future::pending().await,
        })
    }
}
