//! `cofferdam:plugin@0.1.0` and the packages for plugins: their types and functions, as bindings
//! for the host. What each function does is in `host.rs` and in `enforce`.

use wasmtime::component::InstancePre;
use wasmtime::error::Context as _;

mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package cofferdam:hosted;
            world hosted {
                import cofferdam:host/types@0.1.0;
                import cofferdam:host/content@0.1.0;
                import cofferdam:host/logging@0.1.0;
                import cofferdam:host/calls@0.1.0;
                import cofferdam:host/cancellation@0.1.0;
                import cofferdam:host/instance@0.1.0;
                import cofferdam:names/lookups@0.1.0;
                import cofferdam:dns/queries@0.1.0;
                import cofferdam:icmp/echo@0.1.0;
                import cofferdam:handlers/sessions@0.1.0;
                import cofferdam:scripts/programs@0.1.0;
                export cofferdam:plugin/tools@0.1.0;
                export cofferdam:plugin/lifecycle@0.1.0;
            }
        ",
        path: "../../wit/plugin",
        imports: {
            "cofferdam:icmp/echo.[static]socket.open": store | trappable,
            "cofferdam:icmp/echo.[method]socket.send": store | trappable,
            "cofferdam:names/lookups.[static]lookup.start": store | trappable,
            default: trappable,
        },
        exports: { default: async },
        require_store_data_send: true,
        with: {
            "cofferdam:host/calls.context": crate::context::Context,
            "cofferdam:dns/queries.query": crate::enforce::Query,
            "cofferdam:icmp/echo.socket": crate::enforce::IcmpSocket,
            "cofferdam:names/lookups.lookup": crate::enforce::NameLookup,
            "cofferdam:handlers/sessions.session": crate::enforce::HandlerSession,
            "cofferdam:scripts/programs.program": crate::enforce::ScriptProgram,
        },
    });
}

pub use bindings::cofferdam::dns::queries;
pub use bindings::cofferdam::handlers::sessions;
pub use bindings::cofferdam::host::{calls, cancellation, content, instance, logging, types};
pub use bindings::cofferdam::icmp::echo;
pub use bindings::cofferdam::names::lookups;
pub use bindings::cofferdam::scripts::programs;
pub use bindings::exports::cofferdam::plugin::tools::{Definition, Hints, Outcome, Output, Question, Reply};
pub use calls::{Ending, Failure, Retry};

use bindings::exports::cofferdam::plugin::{lifecycle, tools};

/// What a component exports of the interfaces that this host knows. It may lack any of them.
#[derive(Clone)]
pub struct Exports {
    tools: Option<tools::GuestIndices>,
    lifecycle: Option<lifecycle::GuestIndices>,
}

/// The same of one instance.
pub struct Exported {
    pub tools: Option<tools::Guest>,
    pub lifecycle: Option<lifecycle::Guest>,
}

impl Exports {
    /// Looks a linked component's exports up.
    ///
    /// # Errors
    /// An interface that it exports is not what the contract says.
    pub fn new<T: 'static>(pre: &InstancePre<T>) -> wasmtime::Result<Self> {
        let has = |interface: &str| pre.component().get_export_index(None, interface).is_some();
        let tools = has("cofferdam:plugin/tools@0.1.0").then(|| tools::GuestIndices::new(pre));
        let lifecycle = has("cofferdam:plugin/lifecycle@0.1.0").then(|| lifecycle::GuestIndices::new(pre));
        Ok(Self {
            tools: tools.transpose().context("its export `tools`")?,
            lifecycle: lifecycle.transpose().context("its export `lifecycle`")?,
        })
    }

    /// Those of an instance.
    ///
    /// # Errors
    /// It is an instance of another component.
    pub fn of(
        &self,
        mut store: impl wasmtime::AsContextMut,
        instance: &wasmtime::component::Instance,
    ) -> wasmtime::Result<Exported> {
        let tools = self.tools.as_ref().map(|tools| tools.load(&mut store, instance)).transpose()?;
        let lifecycle = self.lifecycle.as_ref().map(|lifecycle| lifecycle.load(&mut store, instance)).transpose()?;
        Ok(Exported { tools, lifecycle })
    }
}
