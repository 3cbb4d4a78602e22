//! What is loaded, and how a call reaches it. Plain data in, plain data out: it knows neither MCP
//! nor WebAssembly, and takes no decision about grants.

mod arguments;
mod call;
mod catalog;
mod definition;
mod generation;
mod load;
mod order;
mod outcome;
mod person;
mod plugin;
mod policies;
mod preview;
mod record;
mod registry;
mod schema;
mod settings;
#[cfg(test)]
mod testing;
mod tool;

pub use call::{Answer, Call, Principal, UnknownTool};
pub use cofferdam_grants::{cut, printable};
pub use cofferdam_runtime::{
    BASELINE, Block, Body, Bucket, Embedded, Held, Hints, Link, OwnFiles, PingSockets, Progress, Question, Rate, Said,
    compile_ahead, link_of, may_write, ping_sockets,
};
pub use load::{LoadProblem, Setup, Shipped};
pub use order::{Orders, Target, Turn};
pub use person::Person;
pub use policies::Policies;
pub use preview::{HandlerStatus, PluginStatus, Preview, look_up, machine_servers, shipped_names};
pub use registry::Registry;
pub use tool::{Annotations, Tool};
