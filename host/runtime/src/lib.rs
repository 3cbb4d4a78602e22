//! Runs plugins. The only crate that knows wasmtime, and the only one that touches the world on a
//! guest's behalf: what may be touched is `grants`' decision, asked in `enforce`. It does not know
//! where a grant came from, nor what MCP is.

mod abi;
mod ahead;
mod blocks;
mod bucket;
#[expect(
    clippy::disallowed_methods,
    reason = "compiled code and definitions are kept in one folder: reading and writing it is this module"
)]
mod cache;
mod call;
mod clock;
mod compiler;
mod component;
mod content;
mod context;
mod cpu_meter;
mod enforce;
mod engine;
mod environment;
mod error;
mod handler;
mod health;
mod host;
mod instance;
mod limiter;
mod link;
mod memory;
mod offer;
mod output;
mod permits;
mod prepare;
mod progress;
mod settings;
mod state;
mod stubs;
mod trimmer;

pub use ahead::{BASELINE, compile_ahead};
pub use bucket::{Bucket, PerMinute, Rate};
pub use cache::Cache;
pub use call::Shown;
pub use cofferdam_audit::Caller;
pub use component::{Digest, manifest_section, settings_section, unpacked};
pub use content::{Block, Body, Embedded, Link};
pub use enforce::{NameServers, Names, OwnFiles, Unresolved, link_of, machine_servers, try_reading};
pub use engine::{Options, Runtime};
pub use environment::Environment;
pub use error::{CallError, LoadError};
pub use handler::{Handlers, PureSpec, check_imports as check_pure_imports};
pub use health::{PingSockets, may_write, ping_sockets};
pub use instance::{Lifetime, Orders, Plugin, Request, Spec, Turn};
pub use link::check_imports;
pub use memory::Held;
pub use output::{Definition, Hints, Outcome, Question, Reply, Said};
pub use progress::Progress;
