//! Guests that measure from the inside: examples of `tests/guests`.

use std::path::{Path, PathBuf};

use cofferdam_xtask::{Toolchain, What, build_components, stderr_progress};

/// The component of an example, built where the tests build it too.
pub fn path(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (folder, target) = (root.join("tests/guests"), root.join("target/guests"));
    let mut progress = stderr_progress();
    let toolchain = Toolchain::ensure(&mut progress).unwrap();
    let built = build_components(&toolchain, &folder, &target, What::Examples, &mut progress).unwrap();
    built.into_iter().find(|built| built.name == name).unwrap().path
}
