//! The schema of a plugin's settings: a constant of the type, which is JSON in the component before
//! anything of it runs. `#[derive(Settings)]` makes the constant, `#[plugin]` the section.

use std::collections::{BTreeMap, HashMap};

/// What a setting can be.
#[derive(Clone, Copy, Debug)]
pub enum Node {
    /// A string.
    Text,
    /// A boolean.
    Bool,
    /// A number.
    Number,
    /// An integer, and its bounds.
    Integer(Option<i128>, Option<i128>),
    /// A list of these.
    List(&'static Node),
    /// An object with any names, and these under them.
    Map(&'static Node),
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// An object with these members.
    Object(&'static Object),
    /// Any JSON.
    Any,
}

/// An object with members of its own.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// Its members.
    pub members: &'static [Member],
    /// Whether it has no others.
    pub closed: bool,
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Whether it has to be there.
    pub required: bool,
    /// What it can be.
    pub node: Node,
}

/// The settings of a plugin: what `#[init]` may take. `#[derive(Settings)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the settings of a plugin",
    label = "no settings of a plugin",
    note = "write `#[derive(serde::Deserialize, cofferdam_sdk::Settings)]` above the struct, and `///` above each of its members",
    note = "or take no settings in `#[init]`: read them with `cofferdam_sdk::settings()`, and write their schema into \
            `[settings_schema]` of `plugin.toml`"
)]
pub trait Settings: serde::de::DeserializeOwned {
    /// Their schema.
    const OBJECT: Object;
}

/// A member of settings.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a setting",
    label = "no setting",
    note = "a setting is a string, a number, a boolean, an `Option`, a `Vec` or a map of those, or a struct or an enum without \
            data that has `#[derive(cofferdam_sdk::Settings)]`"
)]
pub trait Setting {
    /// What it can be.
    const NODE: Node;
    /// Whether it may be left out.
    const MAY_BE_LEFT_OUT: bool = false;
}

macro_rules! settings {
    ($node:expr => $($type:ty),*) => {
        $(
            impl Setting for $type {
                const NODE: Node = $node;
            }
        )*
    };
}

settings!(Node::Text => String, Box<str>, std::path::PathBuf);
settings!(Node::Bool => bool);
settings!(Node::Number => f32, f64);
settings!(Node::Any => serde_json::Value);
settings!(Node::Integer(None, None) => i64, isize);
settings!(Node::Integer(Some(0), None) => u64, usize);

macro_rules! integers {
    ($($type:ty),*) => {
        $(
            impl Setting for $type {
                const NODE: Node = Node::Integer(Some(<$type>::MIN as i128), Some(<$type>::MAX as i128));
            }
        )*
    };
}

integers!(i8, i16, i32, u8, u16, u32);

impl<T: Setting> Setting for Option<T> {
    const NODE: Node = T::NODE;
    const MAY_BE_LEFT_OUT: bool = true;
}

impl<T: Setting> Setting for Box<T> {
    const NODE: Node = T::NODE;
}

impl<T: Setting> Setting for Vec<T> {
    const NODE: Node = Node::List(&T::NODE);
}

impl<T: Setting> Setting for BTreeMap<String, T> {
    const NODE: Node = Node::Map(&T::NODE);
}

impl<T: Setting, S> Setting for HashMap<String, T, S> {
    const NODE: Node = Node::Map(&T::NODE);
}
