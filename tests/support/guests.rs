//! The components: the hostile guests, built once for all tests, and where their files are; and
//! what the shipped ones offer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The component of one guest in `tests/guests/examples`.
#[track_caller]
pub fn guest(name: &str) -> String {
    static BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut progress = cofferdam_xtask::stderr_progress();
        let built = cofferdam_xtask::Toolchain::ensure(&mut progress).and_then(|toolchain| {
            cofferdam_xtask::build_components(
                &toolchain,
                &root.join("tests/guests"),
                &root.join("target/guests"),
                cofferdam_xtask::What::Examples,
                &mut progress,
            )
        });
        built.unwrap_or_else(|error| panic!("{error}")).into_iter().map(|built| (built.name, built.path)).collect()
    });
    built.get(name).unwrap_or_else(|| panic!("there is no guest `{name}`")).display().to_string()
}
