//! A value that is used and never shown (invariant I13).

/// Holds a value that no message, log line or file of ours may show by accident: it has no
/// `Display`, no `Debug` and no `Serialize`, and nothing that contains it can derive them.
///
/// ```compile_fail,E0277
/// println!("{}", cofferdam_audit::Secret::new("swordfish"));
/// ```
///
/// ```compile_fail,E0277
/// println!("{:?}", cofferdam_audit::Secret::new("swordfish"));
/// ```
///
/// ```compile_fail,E0277
/// let _ = serde_json::to_string(&cofferdam_audit::Secret::new("swordfish"));
/// ```
///
/// ```compile_fail,E0277
/// #[derive(Debug)]
/// struct Login(cofferdam_audit::Secret<String>);
/// ```
///
/// What needs the value says so, where a reader sees it:
///
/// ```
/// let secret = cofferdam_audit::Secret::new("swordfish");
/// assert_eq!(secret.expose().len(), 9);
/// ```
pub struct Secret<T>(pub(crate) T);

impl<T> Secret<T> {
    /// Takes a value in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that uses it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}
