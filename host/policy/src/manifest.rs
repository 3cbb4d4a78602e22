//! What a plugin says of itself: its manifest, from the component's custom section or from
//! `plugin.toml`, both TOML.
//!
//! A manifest is a stranger's text: everything in it is bounded and checked, and it only *wants*.
//! What it gets is decided by the policy, in `effective.rs`.

mod needs;

use std::fmt;

use cofferdam_grants::{Rule, is_component_name, is_harmful, plain, quoted};
use serde_json::{Map, Value};
use toml::de::DeTable;

use crate::capability::{CAPABILITIES, Capability};
use crate::json::to_json;
use crate::keys::did_you_mean;
use crate::rule::{Purpose, parse_rule};

pub use needs::Needs;

/// The version of the plugin contract (`cofferdam:plugin`) that this host speaks. A version that
/// only adds functions has the same first two numbers: what a component imports of them and this
/// host lacks is refused when it is linked.
pub const ABI: &str = "0.1.0";

/// The most that `concurrency` may say.
const MAX_CONCURRENCY: u8 = 64;

/// The longest manifest, in bytes.
const MAX_MANIFEST: usize = 64 << 10;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 1024;
/// The longest version, in characters.
const MAX_VERSION: usize = 64;
/// The most wants.
const MAX_WANTS: usize = 256;

const FIELDS: &[&str] =
    &["name", "version", "abi", "kind", "description", "instance", "concurrency", "wants", "needs", "settings_schema"];

/// A plugin's manifest, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// `[a-z][a-z0-9-]{0,31}`.
    pub name: String,
    /// The plugin's own version, printable ASCII.
    pub version: String,
    /// The contract it was built for; [`ABI`], as nothing else is accepted.
    pub abi: String,
    /// What it exports.
    pub kind: Kind,
    /// What it does, in a few lines; empty where it does not say.
    pub description: String,
    /// How long an instance lives.
    pub instance: Instance,
    /// How many calls one instance takes at one time; `None` where it takes all.
    pub concurrency: Option<u8>,
    /// What it wants to reach, read and ask, kind by kind.
    pub wants: Vec<Want>,
    /// What its tools cannot do without.
    pub needs: Needs,
    /// The JSON Schema of its settings, an object; `None` where it has no settings.
    pub settings_schema: Option<Value>,
}

/// What a component exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Tools: world `plugin`.
    Plugin,
    /// A protocol: world `protocol-handler`, which imports nothing.
    Handler,
    /// A language for trigger scripts: world `trigger-script`, which imports nothing.
    Script,
}

/// How long an instance lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instance {
    /// One long-lived instance with state.
    Actor,
    /// One instance per call.
    Call,
}

/// One thing that a plugin wants: a rule in which `any` means whatever the operator allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// As written.
    pub text: String,
    /// As understood.
    pub rule: Rule,
}

/// The want for people: as written, with its key where the text does not say it.
impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::Connect(_) => f.write_str(&self.text),
            rule => write!(f, "{} {}", rule.key(), self.text),
        }
    }
}

impl Manifest {
    /// Reads a manifest: a component's custom section, or a `plugin.toml`.
    ///
    /// # Errors
    /// What is wrong first, naming the field, without harmful characters.
    pub fn parse_toml(text: &str) -> Result<Self, String> {
        let shown = |error: String| error.chars().map(|c| if c == '\n' { c } else { plain(c) }).collect();
        Self::read(text).map_err(shown)
    }

    fn read(text: &str) -> Result<Self, String> {
        check_length(text)?;
        let table = DeTable::parse(text).map_err(|error| format!("manifest: {error}"))?;
        let mut problem = None;
        let mut text = |value: &str, _| value.to_owned();
        let value = to_json(table.get_ref(), &mut text, &mut |error, _| problem = Some(error));
        match problem {
            Some(error) => Err(format!("manifest: {error}")),
            None => Self::from_value(value),
        }
    }

    /// The same fields as JSON, for short spellings in tests.
    #[cfg(test)]
    pub(crate) fn of_json(text: &str) -> Result<Self, String> {
        Self::from_value(serde_json::from_str(text).map_err(|error| error.to_string())?)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        let Value::Object(mut fields) = value else {
            return Err("the manifest has to be an object".to_owned());
        };
        if let Some(unknown) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
            return Err(unknown_field(unknown, FIELDS));
        }
        let abi = string(&mut fields, "abi")?;
        if !is_spoken(&abi) {
            return Err(format!("manifest: `abi` is `{}`, this host speaks `{ABI}`", shown(&abi)));
        }
        let name = string(&mut fields, "name")?;
        if !is_component_name(&name) {
            return Err(format!(
                "manifest: `name` is `{}`, it has to be a lower-case letter, then up to 31 \
                 letters, digits and hyphens",
                shown(&name)
            ));
        }
        let version = string(&mut fields, "version")?;
        let printable = version.bytes().all(|byte| byte.is_ascii_graphic());
        if version.is_empty() || version.len() > MAX_VERSION || !printable {
            return Err("manifest: `version` has to be 1 to 64 printable characters".to_owned());
        }
        let kind = match string(&mut fields, "kind")?.as_str() {
            "plugin" => Kind::Plugin,
            "handler" => Kind::Handler,
            "script" => Kind::Script,
            other => return Err(one_of("kind", other, "`plugin`, `handler` or `script`")),
        };
        if kind != Kind::Plugin && matches!(name.as_str(), "any" | "none") {
            return Err(format!("manifest: `name` is `{name}`, which is a word of the rules about handlers"));
        }
        let instance = match optional_string(&mut fields, "instance")?.as_deref() {
            None | Some("actor") => Instance::Actor,
            Some("call") => Instance::Call,
            Some(other) => return Err(one_of("instance", other, "`actor` or `call`")),
        };
        let concurrency = match fields.remove("concurrency") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let number = value.as_u64().and_then(|number| u8::try_from(number).ok());
                let number = number.filter(|number| (1..=MAX_CONCURRENCY).contains(number));
                Some(number.ok_or(format!("manifest: `concurrency` has to be 1 to {MAX_CONCURRENCY}"))?)
            }
        };
        let description = optional_string(&mut fields, "description")?.unwrap_or_default();
        if description.chars().count() > MAX_DESCRIPTION || !is_plain_text(&description) {
            return Err(format!(
                "manifest: `description` has to be at most {MAX_DESCRIPTION} characters, without \
                 control, bidirectional or invisible ones"
            ));
        }
        let wants = wants(fields.remove("wants"))?;
        if kind != Kind::Plugin && !wants.is_empty() {
            return Err("manifest: a handler cannot want anything in `wants`".to_owned());
        }
        let needs = Needs::read(fields.remove("needs"), &wants)?;
        let settings_schema = match fields.remove("settings_schema") {
            None | Some(Value::Null) => None,
            Some(schema @ Value::Object(_)) => Some(schema),
            Some(_) => return Err("manifest: `settings_schema` has to be an object".to_owned()),
        };
        Ok(Self { name, version, abi, kind, description, instance, concurrency, wants, needs, settings_schema })
    }
}

/// Whether components of this version of the contract can be served.
fn is_spoken(abi: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
    let series = |version| str::rsplit_once(version, '.').map(|(series, _)| series);
    abi.rsplit_once('.').is_some_and(|(own, patch)| Some(own) == series(ABI) && is_number(patch))
}

/// Whether the text can be the name of a tool: `[a-zA-Z0-9_-]{1,40}`.
pub(crate) fn is_tool_name(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn wants(value: Option<Value>) -> Result<Vec<Want>, String> {
    let mut fields = match value {
        None => return Ok(Vec::new()),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err("manifest: `wants` has to be an object".to_owned()),
    };
    if let Some(key) = fields.keys().find(|key| Capability::of_key(key).is_none()) {
        return Err(if CAPABILITIES.iter().any(|row| row.key == key) {
            format!("manifest: `wants.{key}` is not yet available in this version")
        } else {
            unknown_field(key, &Capability::ALL.map(Capability::key))
        });
    }
    let mut wants = Vec::new();
    for about in Capability::ALL {
        let key = about.key();
        let list = match fields.remove(key) {
            None => continue,
            Some(Value::Array(list)) if list.len() <= MAX_WANTS => list,
            Some(_) => return Err(format!("manifest: `wants.{key}` has to be a list of at most {MAX_WANTS} rules")),
        };
        for item in list {
            wants.push(want(about, item)?);
        }
    }
    Ok(wants)
}

fn want(about: Capability, item: Value) -> Result<Want, String> {
    let key = about.key();
    let Value::String(text) = item else {
        return Err(format!("manifest: `wants.{key}` has to be a list of strings"));
    };
    match parse_rule(about, &text, Purpose::Want) {
        Ok(rule) => Ok(Want { text, rule }),
        Err(why) => {
            let hint = why.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            let text = shown(&text);
            Err(format!("manifest: `wants.{key}`: `{text}`: {}{hint}", why.message))
        }
    }
}

fn string(fields: &mut Map<String, Value>, name: &str) -> Result<String, String> {
    optional_string(fields, name)?.ok_or_else(|| format!("manifest: `{name}` is missing"))
}

fn optional_string(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("manifest: `{name}` has to be a string")),
    }
}

fn check_length(text: &str) -> Result<(), String> {
    if text.len() > MAX_MANIFEST {
        return Err(format!("the manifest has more than {MAX_MANIFEST} bytes"));
    }
    Ok(())
}

fn one_of(field: &str, got: &str, wanted: &str) -> String {
    format!("manifest: `{field}` is `{}`, it has to be {wanted}", shown(got))
}

fn unknown_field(field: &str, known: &[&str]) -> String {
    let near = did_you_mean(field, known.iter().copied());
    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    format!("manifest: unknown field `{}`{hint}", shown(field))
}

/// A stranger's text for a message.
fn shown(text: &str) -> String {
    quoted(text, 64)
}

/// Whether a text can be shown to people as it is.
fn is_plain_text(text: &str) -> bool {
    !text.chars().any(|c| is_harmful(c) && c != '\n')
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
