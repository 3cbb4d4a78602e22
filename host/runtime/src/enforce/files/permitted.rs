//! A file that a guest may use: found, asked about and permitted.

use cofferdam_grants::{AbsolutePath, Permit};

use super::look::Looked;

/// A permitted file.
pub struct PermittedFile {
    /// The permit.
    pub permit: Permit,
    /// The file.
    pub looked: Looked,
    /// Its path as the guest has spelled it.
    pub spelled: AbsolutePath,
}
