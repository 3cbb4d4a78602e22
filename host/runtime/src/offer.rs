//! What the host offers to components, capability by capability. A row stands with its capability;
//! `link.rs` lists the rows.

use cofferdam_grants::Grants;
use wasmtime::component::Linker;

use crate::state::State;

/// The interfaces of one capability: which imports they are, who is granted them, and how they are
/// linked.
pub struct Offer {
    /// The interfaces, each alone (`wasi:io/poll`, in every version that the host has) or with the
    /// version that it begins with (`wasi:sockets/types@0.3`).
    pub imports: &'static [&'static str],
    /// Whether these grants name any of it.
    pub is_granted: fn(&Grants) -> bool,
    /// Links all of its interfaces.
    pub link: fn(&mut Linker<State>) -> wasmtime::Result<()>,
}

impl Offer {
    /// Whether an import, as a component names it, is one of these interfaces. wasmtime matches the
    /// rest of the version.
    pub fn has(&self, import: &str) -> bool {
        let (interface, version) = import.split_once('@').unwrap_or((import, ""));
        let begins = |begin: &str| version.strip_prefix(begin).is_some_and(|rest| rest.starts_with('.'));
        self.imports.iter().any(|offered| match offered.split_once('@') {
            Some((offered, begin)) => offered == interface && begins(begin),
            None if interface.starts_with("wasi:") => *offered == interface && (begins("0.2") || begins("0.3")),
            None => *offered == interface,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_matched_by_its_interface_and_the_begin_of_its_version() {
        let imports = &["wasi:io/poll", "wasi:sockets/types@0.3", "cofferdam:dns/queries"];
        let offer = Offer { imports, is_granted: |_| true, link: |_| Ok(()) };
        for import in
            ["wasi:io/poll@0.2.6", "wasi:io/poll@0.3.0", "wasi:sockets/types@0.3.0", "cofferdam:dns/queries@0.1.0"]
        {
            assert!(offer.has(import), "{import}");
        }
        for import in ["wasi:io/poll", "wasi:io/poll@0.20.0", "wasi:io/polls@0.2.0", "wasi:sockets/types@0.2.0", "dns"]
        {
            assert!(!offer.has(import), "{import}");
        }
    }
}
