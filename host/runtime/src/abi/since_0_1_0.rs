//! `cofferdam:plugin@0.1.0`: its types and functions, as bindings for the host. What each function
//! does is in `host.rs` and in `enforce`.

mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package cofferdam:hosted;
            world hosted {
                import cofferdam:plugin/host@0.1.0;
                import cofferdam:plugin/dns@0.1.0;
                import cofferdam:plugin/icmp@0.1.0;
                import cofferdam:plugin/names@0.1.0;
                import cofferdam:plugin/handlers@0.1.0;
                import cofferdam:plugin/scripts@0.1.0;
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
            "cofferdam:plugin/handlers.session": crate::enforce::HandlerSession,
            "cofferdam:plugin/scripts.program": crate::enforce::ScriptProgram,
        },
    });
}

pub use bindings::cofferdam::plugin::dns;
pub use bindings::cofferdam::plugin::handlers;
pub use bindings::cofferdam::plugin::host;
pub use bindings::cofferdam::plugin::icmp;
pub use bindings::cofferdam::plugin::names;
pub use bindings::cofferdam::plugin::scripts;
pub use bindings::exports::cofferdam::plugin::tools::{Definition, Failure, Hints, Output};
pub use bindings::{Hosted, HostedPre};
