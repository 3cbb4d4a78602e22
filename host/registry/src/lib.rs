//! What is loaded, and how a call reaches it. Plain data in, plain data out: it knows neither MCP nor WebAssembly, and
//! takes no decision about grants.

mod arguments;
mod call;
mod catalog;
mod definition;
mod load;
mod outcome;
mod preview;
mod registry;
mod schema;

pub use call::{Annotations, Answer, Call, Principal, Progress, Tool, UnknownTool};
pub use cofferdam_grants::{cut, printable};
pub use cofferdam_runtime::{
    BASELINE, Bucket, Hints, Orders, OwnFiles, PingSockets, Rate, Turn, compile_ahead, link_of, may_write, ping_sockets,
};
pub use load::{LoadProblem, Setup, Shipped};
pub use preview::{PluginStatus, Preview, look_up, machine_servers, shipped_names};
pub use registry::Registry;
