//! The policy file as written: its tables and strings with their places, nothing understood yet.
//!
//! Unknown keys, keys of later versions and values of the wrong type are found here. What the
//! strings mean is `lower.rs`.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Source};
use crate::keys::{KeyMatch, Section, find};
use crate::rule::Capability;

/// A whole file.
#[derive(Debug, Default)]
pub(crate) struct File<'t> {
    pub(crate) plugins: Vec<PluginText<'t>>,
    pub(crate) defaults: Vec<RuleText>,
    pub(crate) deny: Vec<RuleText>,
    pub(crate) limits: Vec<LimitText>,
    /// `None` without the key.
    pub(crate) servers: Option<(Range<usize>, Vec<Text>)>,
}

/// One `[plugins.NAME]` table.
#[derive(Debug)]
pub(crate) struct PluginText<'t> {
    pub(crate) name: Text,
    pub(crate) rules: Vec<RuleText>,
    pub(crate) component: Option<Text>,
    /// `None` without the key.
    pub(crate) tools: Option<(Range<usize>, Vec<Text>)>,
    pub(crate) settings: Option<(Range<usize>, &'t DeTable<'t>)>,
    pub(crate) limits: Vec<LimitText>,
}

/// A string and its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) value: String,
    /// The whole value, with its quotes.
    pub(crate) span: Range<usize>,
    /// Where the first character of the string stands, if each of its bytes stands in the file as
    /// it is (no escapes), so that parts of it can be pointed at.
    pub(crate) start: Option<usize>,
    /// The text before its variables were replaced, where that has changed it.
    pub(crate) written: Option<String>,
}

/// One element of a list of rules.
#[derive(Debug)]
pub(crate) struct RuleText {
    pub(crate) about: Capability,
    pub(crate) to: Text,
    pub(crate) within: Option<(Range<usize>, Vec<Text>)>,
}

/// One entry of a `limits` table; the key is known to be one.
#[derive(Debug)]
pub(crate) struct LimitText {
    pub(crate) key: String,
    pub(crate) value: LimitValue,
    pub(crate) span: Range<usize>,
}

/// The value of a limit.
#[derive(Debug)]
pub(crate) enum LimitValue {
    Integer(i128),
    Text(Text),
}

/// Collects a file and everything that is wrong with its shape.
pub(crate) struct Reader<'s> {
    source: Source<'s>,
    pub(crate) problems: Vec<Diagnostic>,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(source: Source<'s>) -> Self {
        Self { source, problems: Vec::new() }
    }

    pub(crate) fn file<'t>(&mut self, table: &'t DeTable<'t>) -> File<'t> {
        let mut file = File::default();
        for (key, value) in self.known(Section::Top, "the policy", table) {
            match key {
                "plugins" => {
                    let Some(plugins) = self.table("plugins", value) else {
                        continue;
                    };
                    for (name, value) in plugins {
                        file.plugins.extend(self.plugin(name, value));
                    }
                }
                "defaults" => self.rules_table(Section::Defaults, value, &mut file.defaults),
                "deny" => self.rules_table(Section::Deny, value, &mut file.deny),
                "limits" => self.limits("limits", value, &mut file.limits),
                "names" => {
                    let Some(table) = self.table("names", value) else {
                        continue;
                    };
                    for (_, value) in self.known(Section::Names, "`[names]`", table) {
                        file.servers = self.texts("servers", value);
                    }
                }
                _ => {}
            }
        }
        file
    }

    fn plugin<'t>(&mut self, name: &Spanned<DeString<'t>>, value: &'t Spanned<DeValue<'t>>) -> Option<PluginText<'t>> {
        let shown = format!("`[plugins.{}]`", name.get_ref());
        let table = self.table(&format!("plugins.{}", name.get_ref()), value)?;
        let mut plugin = PluginText {
            name: Text { value: name.get_ref().to_string(), span: name.span(), start: None, written: None },
            rules: Vec::new(),
            component: None,
            tools: None,
            settings: None,
            limits: Vec::new(),
        };
        for (key, value) in self.known(Section::Plugin, &shown, table) {
            match key {
                "tools" => plugin.tools = self.texts("tools", value),
                "component" => plugin.component = self.text("component", value),
                "settings" => plugin.settings = self.table("settings", value).map(|table| (value.span(), table)),
                "limits" => self.limits("limits", value, &mut plugin.limits),
                key => self.rules(key, value, &mut plugin.rules),
            }
        }
        Some(plugin)
    }

    /// The entries whose keys are enforced; all others are problems.
    fn known<'t>(
        &mut self,
        section: Section,
        shown: &str,
        table: &'t DeTable<'t>,
    ) -> Vec<(&'t str, &'t Spanned<DeValue<'t>>)> {
        let mut known = Vec::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            match find(section, name) {
                KeyMatch::Enforced => known.push((name, value)),
                KeyMatch::NotYet => self.problems.push(
                    self.source
                        .error(key.span(), format!("`{name}` is not yet available in this version"))
                        .hint("take it out: a key that is not enforced is never accepted"),
                ),
                KeyMatch::Unknown { hint } => self
                    .problems
                    .push(self.source.error(key.span(), format!("unknown key `{name}` in {shown}")).maybe_hint(hint)),
            }
        }
        known
    }

    /// A table whose only keys are lists of rules.
    fn rules_table<'t>(&mut self, section: Section, value: &'t Spanned<DeValue<'t>>, rules: &mut Vec<RuleText>) {
        let Some(table) = self.table(&section.to_string(), value) else {
            return;
        };
        for (key, value) in self.known(section, &section.to_string(), table) {
            self.rules(key, value, rules);
        }
    }

    /// The rules under a key; those of any other key are none, as nothing would read them.
    fn rules<'t>(&mut self, key: &str, value: &'t Spanned<DeValue<'t>>, rules: &mut Vec<RuleText>) {
        let Some(about) = Capability::of_key(key) else {
            let message = format!("`{key}` is not yet available in this version");
            self.problems.push(self.source.error(value.span(), message));
            return;
        };
        let Some(list) = self.list(key, value) else {
            return;
        };
        if list.is_empty() && about == Capability::Handlers {
            // Without the key every handler may be used: an empty list says something else.
            let none = Text { value: "none".to_owned(), span: value.span(), start: None, written: None };
            rules.push(RuleText { about, to: none, within: None });
        }
        for item in list {
            match item.get_ref() {
                DeValue::Table(table) if about.has_within() => rules.extend(self.long_rule(about, item.span(), table)),
                _ => {
                    let to = self.text("a rule", item);
                    rules.extend(to.map(|to| RuleText { about, to, within: None }));
                }
            }
        }
    }

    fn long_rule<'t>(&mut self, about: Capability, span: Range<usize>, table: &'t DeTable<'t>) -> Option<RuleText> {
        let (mut to, mut within) = (None, None);
        let mut seen = false;
        for (key, value) in self.known(Section::Rule, "a rule", table) {
            if key == "to" {
                seen = true;
                to = self.text("to", value);
            } else {
                within = self.texts("within", value);
                // Without its `within` the rule would mean something else, so it is none.
                within.as_ref()?;
            }
        }
        if !seen {
            let example = if about == Capability::Ping { "db.lab.example" } else { "tcp://db.lab.example:22" };
            self.problems.push(
                self.source
                    .error(span, "the rule has no `to`")
                    .hint(format!("write `{{ to = \"{example}\", within = [\"10.0.0.0/8\"] }}`")),
            );
        }
        Some(RuleText { about, to: to?, within })
    }

    fn limits<'t>(&mut self, name: &str, value: &'t Spanned<DeValue<'t>>, out: &mut Vec<LimitText>) {
        let Some(table) = self.table(name, value) else {
            return;
        };
        for (key, value) in self.known(Section::Limits, "`limits`", table) {
            let limit = match value.get_ref() {
                DeValue::Integer(number) => {
                    // An integer beyond 128 bits is beyond every limit, and so is the largest.
                    let parsed = i128::from_str_radix(number.as_str(), number.radix());
                    LimitValue::Integer(parsed.unwrap_or(i128::MAX))
                }
                DeValue::String(_) => match self.text(key, value) {
                    Some(text) => LimitValue::Text(text),
                    None => continue,
                },
                other => {
                    self.wrong_type(key, "a string or a whole number", other, value.span());
                    continue;
                }
            };
            out.push(LimitText { key: key.to_owned(), value: limit, span: value.span() });
        }
    }

    fn table<'t>(&mut self, name: &str, value: &'t Spanned<DeValue<'t>>) -> Option<&'t DeTable<'t>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                self.wrong_type(name, "a table", other, value.span());
                None
            }
        }
    }

    fn list<'t>(&mut self, name: &str, value: &'t Spanned<DeValue<'t>>) -> Option<&'t DeArray<'t>> {
        match value.get_ref() {
            DeValue::Array(list) => Some(list),
            other => {
                self.wrong_type(name, "a list", other, value.span());
                None
            }
        }
    }

    fn texts<'t>(&mut self, name: &str, value: &'t Spanned<DeValue<'t>>) -> Option<(Range<usize>, Vec<Text>)> {
        let list = self.list(name, value)?;
        let texts: Vec<_> = list.iter().filter_map(|item| self.text(name, item)).collect();
        (texts.len() == list.len()).then(|| (value.span(), texts))
    }

    fn text(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<Text> {
        let span = value.span();
        match value.get_ref() {
            DeValue::String(text) => {
                // One quote on each side and nothing else: then bytes map one to one.
                let inner = span.start + 1..span.end.saturating_sub(1);
                let plain = self.source.text.get(inner.clone()) == Some(&**text);
                Some(Text { value: text.to_string(), start: plain.then_some(inner.start), span, written: None })
            }
            other => {
                self.wrong_type(name, "a string", other, span);
                None
            }
        }
    }

    fn wrong_type(&mut self, name: &str, wanted: &str, got: &DeValue<'_>, span: Range<usize>) {
        let name = name.trim_matches('`');
        let got = match got {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let problem = self.source.error(span, format!("`{name}` has to be {wanted}, not {got}"));
        self.problems.push(problem);
    }
}
