//! A lookup under way, whose answers are given kind by kind.

use std::net::IpAddr;
use std::sync::Arc;

use cofferdam_audit::Caller;
use cofferdam_grants::Name;
use tokio::sync::Mutex;

use super::{Begun, Failed};
use crate::enforce::Gate;
use crate::enforce::resolver::{Family, Lookup, Unresolved};

/// A lookup as a guest holds it.
pub type NameLookup = Arc<Pending>;

/// The addresses of one kind, or why there are none.
pub type OneKind = (Family, Result<Vec<IpAddr>, Failed>);

/// Answers that are still to come.
pub struct Pending {
    gate: Arc<Gate>,
    caller: Option<Arc<Caller>>,
    left: Mutex<Left>,
}

enum Left {
    /// Without a question.
    These(Vec<OneKind>),
    Asked(Name, Lookup),
}

impl Pending {
    /// Begins to look a guest's name up.
    pub fn new(gate: Arc<Gate>, text: &str, families: &[Family], caller: Option<Arc<Caller>>) -> Result<Self, Failed> {
        let left = match gate.begin(text, families, caller.as_deref())? {
            Begun::These(addresses) => {
                let of = |family: &Family| {
                    let own: Vec<IpAddr> = addresses.iter().copied().filter(|own| family.has(*own)).collect();
                    let none = Failed::Unresolved(Unresolved::NoAddresses);
                    (*family, if own.is_empty() { Err(none) } else { Ok(own) })
                };
                // They are given from the end.
                Left::These(families.iter().rev().map(of).collect())
            }
            Begun::Asked(name, lookup) => Left::Asked(name, lookup),
        };
        Ok(Self { gate, caller, left: Mutex::new(left) })
    }

    /// The next kind of address that is there.
    pub async fn next(&self) -> Option<OneKind> {
        match &mut *self.left.lock().await {
            Left::These(left) => left.pop(),
            Left::Asked(name, lookup) => {
                let (family, outcome) = lookup.next().await?;
                let outcome = outcome.map_err(Failed::Unresolved);
                let kept = outcome.and_then(|found| self.gate.keep(name, &found, self.caller.as_deref()));
                Some((family, kept))
            }
        }
    }
}
