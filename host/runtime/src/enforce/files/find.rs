//! Finds the file that a guest's path leads to, asks about it under each of its names, and gives it
//! out only if it is permitted.

use std::sync::Arc;

use cofferdam_grants::{AbsolutePath, Ask};

use super::blocking;
use super::denied::{Waits, denied_as};
use super::descriptor::Descriptor;
use super::look::{Looked, Unfound, look, look_at_hand, look_elsewhere};
use super::permitted::PermittedFile;
use crate::enforce::Gate;
use crate::enforce::files::bindings::wasi::filesystem::types::ErrorCode;

/// What a path led to, and how a deny rule spells it, if one leads there too.
struct Sought {
    found: Result<Looked, Unfound>,
    denied: Option<AbsolutePath>,
}

impl Sought {
    fn of(found: Result<Looked, Unfound>, gate: &Gate, at_hand: bool) -> Result<Self, Waits> {
        let real = match &found {
            Ok(looked) => Some(&looked.real),
            Err(Unfound::NotThere(_, real, _)) => Some(real),
            Err(_) => None,
        };
        let denied = real.map(|real| denied_as(gate.grants.denied_reads(), real, at_hand)).transpose()?.flatten();
        Ok(Self { found, denied })
    }
}

/// Finds a path of a guest's, and asks about it. Only what is permitted comes back.
pub async fn find(gate: &Arc<Gate>, at: Descriptor, path: String, follow: bool) -> Result<PermittedFile, ErrorCode> {
    let (root, directory) = match at {
        Descriptor::File(_) => return Err(ErrorCode::NotDirectory),
        Descriptor::Directory(directory) => (Arc::clone(&directory.root), Some(directory)),
        Descriptor::Single(root) => (root, None),
        Descriptor::Absent(root, why) => {
            let spelled = spelled(&root, &path);
            let permit = gate.ask_for_path(&spelled, [None, None, None]);
            return Err(if permit.is_some() { why } else { ErrorCode::NotPermitted });
        }
    };
    let base = directory.as_ref().map_or_else(|| root.path.clone(), |directory| directory.spelled.clone());
    let spelled = spelled(&base, &path);
    let own = Arc::clone(&gate.files.shared);
    let at_hand = directory
        .as_ref()
        .and_then(|directory| look_at_hand(&root, &directory.handle, &path, follow, &own.own))
        .and_then(|found| Sought::of(found, gate, true).ok());
    let sought = match at_hand {
        Some(sought) => sought,
        None => {
            let gate = Arc::clone(gate);
            let looked = blocking(move || {
                let own = &gate.files.shared.own;
                let found = match (&directory, &root.file) {
                    (Some(directory), _) => match look(&root, &directory.handle, &path, follow, own) {
                        Err(Unfound::Outside) if follow => {
                            let roots = gate.files.shared.opened(&gate.grants.read_roots());
                            look_elsewhere(&roots, &directory.handle, &path, own).ok_or(Unfound::Outside)
                        }
                        found => found,
                    },
                    (None, Some(name)) if matches!(path.as_str(), "." | "") => {
                        look(&root, &root.directory, &String::from_utf8_lossy(name), false, own)
                    }
                    _ => Err(Unfound::Outside),
                };
                Sought::of(found, &gate, false).map_err(|Waits| ErrorCode::Io)
            });
            looked.await?
        }
    };
    let also = |real: &AbsolutePath| [Some(real.clone()), sought.denied.clone(), Some(spelled.clone())];
    match sought.found {
        Ok(looked) => match gate.ask_for_file(&looked, also(&looked.real)) {
            Some(permit) => Ok(PermittedFile { permit, looked, spelled }),
            None => Err(ErrorCode::NotPermitted),
        },
        Err(Unfound::NotThere(path, ref real, error)) => match gate.ask_for_path(&path, also(real)) {
            Some(_) => Err(error),
            None => Err(ErrorCode::NotPermitted),
        },
        Err(Unfound::Refused(path, reason)) => {
            gate.refused(&Ask::Read { path: &path }, reason);
            Err(ErrorCode::NotPermitted)
        }
        Err(Unfound::Outside) => {
            // The record has the path that the guest asked for. Where it would have led is not
            // looked up.
            gate.ask_outside(&Ask::Read { path: &spelled });
            Err(ErrorCode::NotPermitted)
        }
        Err(Unfound::Error(error)) => Err(error),
    }
}

/// A path as a guest has spelled it, beneath a directory as it has spelled that, with its `..`
/// resolved in the text. It is good for records, and for deny rules that speak of the very
/// spelling.
fn spelled(base: &AbsolutePath, path: &str) -> AbsolutePath {
    let whole = if path.starts_with('/') {
        path.as_bytes().to_vec()
    } else {
        [base.as_bytes(), b"/", path.as_bytes()].concat()
    };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in whole.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    AbsolutePath::parse([b"/", parts.join(&b'/').as_slice()].concat()).unwrap_or_else(|_| base.clone())
}
