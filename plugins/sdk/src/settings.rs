//! The operator's settings for this plugin, as a type of the plugin's own. What the policy may
//! write is that type's schema, or the manifest's `[settings_schema]`. The host checks it before
//! the plugin runs.

mod schema;
mod written;

/// What the expansion of `#[derive(Settings)]` and `#[plugin]` uses.
pub mod settings_schema {
    pub use super::schema::*;
    pub use super::written::{json, length};
}

use std::cell::RefCell;

use serde::de::DeserializeOwned;

use crate::Failure;

pub use schema::Settings;

/// The operator's settings for this plugin, anywhere in it: what the policy has in
/// `[plugins.NAME.settings]`, or an empty object.
///
/// ```
/// # use cofferdam_sdk::Failure;
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     #[serde(default)]
///     language: Option<String>,
/// }
///
/// fn language() -> Result<String, Failure> {
///     let settings: Settings = cofferdam_sdk::settings()?;
///     Ok(settings.language.unwrap_or_else(|| "en".to_owned()))
/// }
/// ```
///
/// A plugin that begins with its settings needs no schema written by hand: `#[derive(Settings)]`
/// makes it of the type, and the host has checked them. A member that is neither an `Option` nor
/// has a `#[serde(default)]` has to be in the policy.
///
/// ```standalone_crate
/// use std::cell::RefCell;
///
/// use cofferdam_sdk::{Failure, Settings};
/// use serde::Deserialize;
///
/// #[derive(Clone, Default, Deserialize, Settings)]
/// #[serde(deny_unknown_fields)]
/// struct Languages {
///     /// The language of greetings, such as `en`
///     language: String,
///     /// Names that are greeted twice
///     #[serde(default)]
///     twice: Vec<String>,
/// }
///
/// #[derive(Default)]
/// struct Greeter {
///     languages: RefCell<Languages>,
/// }
///
/// #[cofferdam_sdk::plugin(manifest = "tests/greeter.toml")]
/// impl Greeter {
///     #[init]
///     async fn begin(&self, languages: Languages) -> Result<(), String> {
///         if languages.language.len() != 2 {
///             return Err(format!("`language` is `{}`; it has two letters", languages.language));
///         }
///         self.languages.replace(languages);
///         Ok(())
///     }
///
///     #[close]
///     async fn end(&self) {}
///
///     /// Say which language greetings are in.
///     #[tool]
///     async fn language(&self) -> Result<String, Failure> {
///         Ok(self.languages.borrow().language.clone())
///     }
/// }
/// ```
///
/// # Errors
/// They are not what `T` is read from; the failure names the member. Its code is
/// `invalid_settings`.
pub fn settings<T: DeserializeOwned>() -> Result<T, Failure> {
    read(&settings_text())
}

/// The same as the host has it: a JSON object.
pub fn settings_text() -> String {
    SETTINGS.with_borrow(|settings| settings.clone().unwrap_or_else(|| "{}".to_owned()))
}

std::thread_local! {
    /// What the instance has begun with.
    static SETTINGS: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps what the instance begins with.
pub(crate) fn keep(settings: String) {
    SETTINGS.set(Some(settings));
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, told) = (error.path().to_string(), error.inner().to_string());
        // What is not in a member has a dot for a path.
        let member = if path == "." { "settings".to_owned() } else { format!("settings.{path}") };
        let message = format_args!("the operator's settings cannot be read: `{member}`: {told}").to_string();
        Failure::new("invalid_settings", message).with("member", member)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Settings {
        servers: Vec<Server>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Server {
        port: u16,
    }

    #[test]
    fn settings_are_read_or_told_by_their_member() {
        let read = |text: &str| read::<Settings>(text);
        assert_eq!(settings_text(), "{}");
        keep("{\"servers\":[]}".to_owned());
        assert_eq!(settings(), Ok(Settings { servers: Vec::new() }));
        assert_eq!(read("{\"servers\":[{\"port\":1}]}"), Ok(Settings { servers: vec![Server { port: 1 }] }));
        let failure = read("{\"servers\":[{\"port\":1},{\"port\":70000}]}").unwrap_err();
        assert_eq!(
            (failure.code(), &failure.details["member"]),
            ("invalid_settings", &"settings.servers[1].port".into())
        );
        assert!(
            failure
                .message
                .starts_with("the operator's settings cannot be read: `settings.servers[1].port`: invalid value")
        );
        assert_eq!(read("{}").unwrap_err().details["member"], "settings");
    }
}
