//! Our own `wasi:filesystem` of WASI 0.2, read-only. What a guest opens, looks at or lists is found
//! beneath the handle of a granted root. Its real path is asked about, and only then it is used, by
//! that very handle (I6). Without a grant there are no roots, and so nothing to call any of this
//! on.

mod denied;
mod descriptor;
mod entries;
mod find;
mod host;
mod look;
#[expect(clippy::disallowed_methods, reason = "our own files are looked up, so that they are known")]
mod own;
mod permitted;
mod process;
mod root;
mod shared;
mod stat;
mod stream;
mod trial;

use cofferdam_audit::Decision;
use cofferdam_grants::{AbsolutePath, Ask, Denial, Grants, Permit, Reason};
use tokio::sync::Semaphore;

use super::{Gate, Gated, GatedView};
use crate::offer::Offer;
use crate::state::State;

pub use own::OwnFiles;
pub use shared::{Files, SharedFiles};
pub use trial::try_reading;

use look::Looked;

/// The bindings of `wit/`: WASI's own text, with our types for what a guest holds.
mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "cofferdam:files/files",
        imports: { default: async | trappable },
        with: {
            "wasi:io": wasmtime_wasi_io::bindings::wasi::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
            "wasi:filesystem/types.descriptor": super::descriptor::Descriptor,
            "wasi:filesystem/types.directory-entry-stream": super::entries::Entries,
        },
        require_store_data_send: true,
    });
}

pub(crate) use bindings::wasi::filesystem::types::ErrorCode;

/// Files of WASI 0.2: a `read` rule grants them. C libraries bring them along, whether they are
/// used or not.
pub const FILES: Offer = Offer {
    imports: &["wasi:filesystem/types@0.2", "wasi:filesystem/preopens@0.2"],
    is_granted: Grants::grants_read,
    link: |linker| {
        bindings::wasi::filesystem::types::add_to_linker::<State, Gated>(linker, |state| GatedView(state))?;
        bindings::wasi::filesystem::preopens::add_to_linker::<State, Gated>(linker, |state| GatedView(state))
    },
};

/// Operations on files that may be under way at one time in this process: a file system that does
/// not answer holds up so many threads and no more.
const AT_ONCE: usize = 64;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Runs what may block on a thread of its own. Whoever waits may leave at any time; the thread ends
/// when the system lets it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ErrorCode> + Send + 'static,
) -> Result<T, ErrorCode> {
    let place = PLACES.acquire().await.map_err(|_| ErrorCode::Io)?;
    let done = tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    });
    done.await.unwrap_or(Err(ErrorCode::Io))
}

impl Gate {
    /// Asks for a file that was found, as its root is spelled. What is ours is refused before
    /// anything is asked (I16).
    fn ask_for_file(&self, looked: &Looked, also: [Option<AbsolutePath>; 3]) -> Option<Permit> {
        if let Some(reason) = looked.refused {
            self.refused(&Ask::Read { path: &looked.path }, reason);
            return None;
        }
        self.ask_for_path(&looked.path, also)
    }

    /// Asks for a path, by the way the policy spells it, and sees to it that none of its other
    /// names is denied: a link in the spelling of a root, or of a deny rule, is no way around that
    /// rule.
    fn ask_for_path(&self, path: &AbsolutePath, also: [Option<AbsolutePath>; 3]) -> Option<Permit> {
        let ask = Ask::Read { path };
        self.recorded(&ask, decide_under_all_names(&self.grants, path, &also), None)
    }

    /// Asks for what is not to be had through the handles that are held, so that the operator reads
    /// why, as for any other refusal. Where the policy would allow the path as it is written, it is
    /// refused all the same: it leads elsewhere.
    fn ask_outside(&self, ask: &Ask<'_>) {
        match self.grants.decide(ask) {
            Err(denial) => drop(self.recorded(ask, Err(denial), None)),
            Ok(_) => self.refused(ask, "outside-root"),
        }
    }

    /// Records what is refused without a question to the policy.
    fn refused(&self, ask: &Ask<'_>, reason: &'static str) {
        // It is refused in any case: nothing more depends on the record.
        let _ = self.record(ask, Decision::Refused(reason), None);
    }
}

/// The policy's answer about a path; of its other names it is only asked whether they are denied.
fn decide_under_all_names(
    grants: &Grants,
    path: &AbsolutePath,
    also: &[Option<AbsolutePath>],
) -> Result<Permit, Denial> {
    let permit = grants.decide(&Ask::Read { path })?;
    for other in also.iter().flatten().filter(|other| *other != path) {
        match grants.decide(&Ask::Read { path: other }) {
            Err(denial) if matches!(denial.reason(), Reason::Denied(_)) => return Err(denial),
            _ => {}
        }
    }
    Ok(permit)
}
