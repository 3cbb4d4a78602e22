//! Links by name and by number. Rules may use either, so an ask carries both.

use cofferdam_grants::Zone;
use nix::net::if_::{if_indextoname, if_nametoindex};

/// The link that a text names, by the interface's name or its number. One that is not there has no
/// number: who may not ask for it does not learn that.
pub fn link_of(text: &str) -> Zone {
    match text.parse() {
        Ok(index) => numbered(index),
        Err(_) => Zone { index: if_nametoindex(text).unwrap_or(0), name: Some(text.into()) },
    }
}

/// The link of this number.
pub fn numbered(index: u32) -> Zone {
    let name = if_indextoname(index).ok().and_then(|name| name.into_string().ok());
    Zone { index, name: name.map(String::into_boxed_str) }
}
