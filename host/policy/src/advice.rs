//! What would help against a refusal, as an operator writes it: rules for a plugin's table, or a
//! flag.
//!
//! Which rules those are is known in `cofferdam-grants`. Here is how they are spelled.

use cofferdam_grants::{DNS_PORT, Denial, Remedy, Rule, Servers};

use crate::capability::{Capability, of_flag};
use crate::host::parse_within;
use crate::policy::Policy;
use crate::rule::parse_rule;
use crate::rule_text::Purpose;

/// Rules that would allow what was refused: the key that they belong under, and the elements of its
/// list, in TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// As `connect`.
    pub key: &'static str,
    /// As `"tcp://10.0.0.1:22"`, with its quotes.
    pub entry: String,
    /// The rules that are missing under another key: a question to a name server takes one for the
    /// name and one for the server.
    pub also: Option<Box<Advice>>,
}

impl Advice {
    /// How these rules are written; `None` where the rule language has no text for one of them.
    fn of(rules: &[Rule]) -> Option<Self> {
        let key = rules.first()?.key();
        let (own, rest): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(|rule| rule.key() == key);
        let entries: Vec<String> = own.into_iter().map(entry).collect::<Option<_>>()?;
        let rest: Vec<Rule> = rest.into_iter().cloned().collect();
        let also = if rest.is_empty() { None } else { Some(Box::new(Self::of(&rest)?)) };
        Some(Self { key, entry: entries.join(", "), also })
    }

    /// As it would be written into the table of a plugin: `` `[plugins.tcp] connect =
    /// ["tcp://10.0.0.1:22"]` ``.
    fn in_table(&self, plugin: &str) -> String {
        let also = self.also.as_ref().map(|also| format!(" and `{} = [{}]`", also.key, also.entry));
        format!("`[plugins.{plugin}] {} = [{}]`{}", self.key, self.entry, also.unwrap_or_default())
    }

    /// The same as a flag, where it is one rule that needs no quotes and there is a flag for its
    /// key.
    fn flag(&self) -> Option<String> {
        let flag = format!("--allow-{}", self.key);
        let rule = self.entry.strip_prefix('"')?.strip_suffix('"').filter(|_| self.also.is_none())?;
        let plain = !rule.contains(['"', '\\', '\'']) && of_flag(&flag).is_some();
        plain.then(|| format!("the flag `{flag} '{rule}'`"))
    }
}

/// One element of a list of rules. What is written is read back as the same rule, or it is not
/// advised: a name may be none to IDNA, or a word of the rule language.
fn entry(rule: &Rule) -> Option<String> {
    let networks = rule.peers().map(|peers| peers.networks().to_vec()).unwrap_or_default();
    let alone = rule.clone().within(Vec::new());
    let text = match &alone {
        Rule::Server(own) => match (own.servers(), own.port()) {
            (Servers::Address(address), Some(DNS_PORT)) => address.to_string(),
            _ => own.to_string(),
        },
        Rule::Read(path) => {
            // What has to be escaped to be shown cannot be written as a rule, and `${` would be a
            // variable.
            let plain = |text: &&str| **text == path.to_string() && !text.contains("${");
            str::from_utf8(path.as_bytes()).ok().filter(plain)?.to_owned()
        }
        other => other.to_string(),
    };
    let read = parse_rule(Capability::of_key(rule.key())?, &text, Purpose::Allow).ok()?;
    if read != alone || networks.iter().any(|network| parse_within(&network.to_string()).is_err()) {
        return None;
    }
    let text = text.replace('"', "\\\"");
    if networks.is_empty() {
        return Some(format!("\"{text}\""));
    }
    let within: Vec<String> = networks.iter().map(|network| format!("\"{network}\"")).collect();
    Some(format!("{{ to = \"{text}\", within = [{}] }}", within.join(", ")))
}

/// A denial in words for the operator.
pub(crate) struct Refusal {
    /// What the plugin may not do, and why.
    pub(crate) summary: String,
    /// What would help.
    pub(crate) hint: String,
    /// The rules that would allow it.
    pub(crate) suggestion: Option<Advice>,
}

/// What the operator is told of a denial, before it happens and when it has.
pub(crate) fn refusal(plugin: &str, denial: &Denial) -> Refusal {
    let remedy = denial.remedy();
    let suggestion = if let Remedy::Rules(rules) = &remedy { Advice::of(rules) } else { None };
    let hint = match (&suggestion, remedy) {
        (Some(advice), _) => {
            let flag = advice.flag().map(|flag| format!(", as would {flag}")).unwrap_or_default();
            format!("{} would allow it{flag}", advice.in_table(plugin))
        }
        (None, Remedy::DenyRule) => "only a change of the deny rule would allow it".to_owned(),
        (None, Remedy::Manifest) => {
            "the plugin's author would have to add it to the `wants` of the manifest".to_owned()
        }
        (None, Remedy::LookUpAgain) => "the plugin has to look the name up again".to_owned(),
        (None, Remedy::LookUp) => "the plugin has to look the name up first".to_owned(),
        (None, Remedy::NoRuleForAnswer) => "no rule lets a name lead there".to_owned(),
        (None, Remedy::NoRule | Remedy::Rules(_)) => "no rule of this version allows it".to_owned(),
    };
    Refusal { summary: denial.for_operator(plugin), hint, suggestion }
}

impl Policy {
    /// A refusal for the operator: the reason, the rule that decided with its line, and the
    /// smallest rules that would allow it.
    pub fn explain_denial(&self, plugin: &str, denial: &Denial) -> String {
        let Refusal { summary, hint, .. } = refusal(plugin, denial);
        let rule = denial.rule().and_then(|id| self.rule(id));
        let rule = rule.map(|source| format!("\nrule: {source}")).unwrap_or_default();
        // The hint is the last line.
        format!("{summary}{rule}\nhint: {hint}")
    }
}

#[cfg(test)]
mod tests {
    use cofferdam_grants::{AbsolutePath, Cidr, ConnectRule, Host, Name, Ports, Protocol, ResolveRule, ServerRule};

    use super::*;

    fn connect(host: Host) -> ConnectRule {
        ConnectRule::new(Protocol::Tcp, host, Ports::one(22).unwrap())
    }

    fn named(text: &str) -> Host {
        Host::Name(Name::parse(text).unwrap())
    }

    #[test]
    fn rules_are_written_under_their_keys() {
        let server = |port| ServerRule::new(Servers::Address("9.9.9.9".parse().unwrap()), Some(port)).into();
        let system: Rule = ServerRule::new(Servers::System, None).into();
        let name: Rule = ResolveRule::Name(Name::parse("a.example").unwrap()).into();
        let both = Advice::of(&[name, system, server(53)]).unwrap();
        let table = "`[plugins.dns] resolve = [\"a.example\"]` and `servers = [\"system\", \"9.9.9.9\"]`";
        assert_eq!((both.in_table("dns").as_str(), both.flag()), (table, None), "one flag is not enough");
        assert_eq!(Advice::of(&[server(5353)]).unwrap().entry, "\"9.9.9.9:5353\"");

        let within = connect(named("db.lab")).within(vec![Cidr::parse("10.0.0.5/32").unwrap()]);
        let advice = Advice::of(&[within.into()]).unwrap();
        assert_eq!(advice.entry, "{ to = \"tcp://db.lab:22\", within = [\"10.0.0.5/32\"] }");
        assert_eq!(advice.flag(), None);
        let advice = Advice::of(&[connect(named("db.lab")).into()]).unwrap();
        assert_eq!(advice.flag().unwrap(), "the flag `--allow-connect 'tcp://db.lab:22'`");
    }

    #[test]
    fn what_the_rule_language_does_not_say_is_not_advised() {
        assert_eq!(Advice::of(&[connect(named("any")).into()]), None, "it would be every host");
        assert_eq!(Advice::of(&[ResolveRule::Name(Name::parse("any").unwrap()).into()]), None);
        assert_eq!(Advice::of(&[connect(named("xn--a")).into()]), None, "IDNA takes it for no name");
        for path in [&b"/a\x1b[2J"[..], b"/a${b}", b"/a\\b", "/a\u{e0041}".as_bytes()] {
            assert_eq!(Advice::of(&[AbsolutePath::parse(path).unwrap().into()]), None, "{path:?}");
        }
        let quoted = Advice::of(&[AbsolutePath::parse("/a\"b").unwrap().into()]).unwrap();
        assert_eq!((quoted.entry.as_str(), quoted.flag()), ("\"/a\\\"b\"", None));
    }
}
