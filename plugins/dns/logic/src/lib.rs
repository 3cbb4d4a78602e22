//! What dig and nslookup do, without a network: options, names, messages, whom to ask next, and how
//! answers are shown. The network is a trait ([`Wire`]) that the plugin implements over the host's
//! `dns` interface, and the tests over a table.

mod answer;
mod attempt;
mod dig;
mod edns;
mod exchange;
mod kind;
mod label;
mod nslookup;
mod options;
mod question;
mod rdata;
mod record;
mod reply;
mod status;
mod svcb;
mod target;
mod target_error;
mod text;
mod trace;
mod types;
mod wire;

pub use answer::{Answer, Outcome, Question as Asked, Step};
pub use attempt::{Attempt, Ignored};
pub use dig::Shown;
pub use edns::Edns;
pub use exchange::{Answered, Patience, Unanswered, ask};
pub use hickory_proto::rr::Name;
pub use kind::{Kind, KindError};
pub use nslookup::nslookup;
pub use options::{Options, OptionsError};
pub use question::{Payload, Question};
pub use record::Record;
pub use reply::{Reply, Unfit};
pub use target::{PORT, Place, Server, Target};
pub use target_error::TargetError;
pub use text::name as written;
pub use trace::{addresses, trace};
pub use wire::{Transport, Wire, WireError};
