//! What a name would be used for. Whoever explains a policy asks about names before their addresses
//! are known; no effect does: an effect asks for the lookup, for each answer, and for each address.

use crate::{Name, Protocol, Resource};

/// A use of a name whose addresses are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameUse<'a> {
    /// Dialling it.
    Dial {
        /// The transport.
        protocol: Protocol,
        /// The name.
        name: &'a Name,
        /// The port.
        port: u16,
    },
    /// Pinging it.
    Ping {
        /// The name.
        name: &'a Name,
    },
}

impl NameUse<'_> {
    /// The name.
    pub fn name(&self) -> &Name {
        match self {
            Self::Dial { name, .. } | Self::Ping { name } => name,
        }
    }

    /// What the question is about, as an explanation names it.
    pub fn resource(&self) -> Resource {
        match *self {
            Self::Dial { protocol, name, port } => Resource::Target { protocol, name: name.clone(), port },
            Self::Ping { name } => Resource::PingTarget(name.clone()),
        }
    }
}
