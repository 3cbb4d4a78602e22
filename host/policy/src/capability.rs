//! The capabilities: one row each, from which keys, wants, flags and questions follow.
//!
//! How a rule of each is read is `rule.rs`; what it covers is in `cofferdam-grants`.

/// Whether a key can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Accepted and enforced.
    Enforced,
    /// Known, but refused until it is enforced.
    NotYet,
}

/// What rules are about, each with a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capability {
    Connect,
    Ping,
    Resolve,
    Servers,
    Read,
    Handlers,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// The key of a policy, and of a manifest's wants.
    pub(crate) key: &'static str,
    /// What its rules are; `None` while it is not enforced.
    pub(crate) about: Option<Capability>,
    /// What the key says in `[plugins.NAME]`, in `[defaults]` and in `[deny]`, in one line each.
    pub(crate) summaries: [&'static str; 3],
    /// Whether its rules may say where a name may lead.
    pub(crate) within: bool,
    /// The flag that allows, if there is one.
    pub(crate) allow: Option<Flag>,
    /// The flag that denies, if there is one.
    pub(crate) deny: Option<Flag>,
    /// The question that `explain` is asked: its verb, and its form.
    pub(crate) ask: Option<(&'static str, &'static str)>,
}

/// A flag whose value is a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// As `--allow-connect`.
    pub name: &'static str,
    /// What the value is called in help.
    pub value: &'static str,
    /// Its line of help.
    pub help: &'static str,
}

const fn flag(name: &'static str, value: &'static str, help: &'static str) -> Option<Flag> {
    Some(Flag { name, value, help })
}

/// A capability of a later version.
const fn later(key: &'static str, summary: &'static str, allow: Option<Flag>, deny: Option<Flag>) -> Row {
    Row { key, about: None, summaries: [summary, "", ""], within: false, allow, deny, ask: None }
}

/// All capabilities, those of later versions last.
pub(crate) const CAPABILITIES: &[Row] = &[
    Row {
        key: "connect",
        about: Some(Capability::Connect),
        summaries: [
            "peers that may be dialled: `tcp://HOST:PORTS`",
            "peers that every plugin may dial",
            "peers that no plugin may dial; no port = every port",
        ],
        within: true,
        allow: flag(
            "--allow-connect",
            "RULE",
            "Let plugins connect to what this rule names; may be given several times",
        ),
        deny: flag(
            "--deny-connect",
            "RULE",
            "Never let plugins connect to what this rule names, whatever else allows it",
        ),
        ask: Some(("connect", "connect HOST:PORT")),
    },
    Row {
        key: "ping",
        about: Some(Capability::Ping),
        summaries: [
            "hosts that may be pinged: `10.0.0.0/8`, `*.lab.example`",
            "hosts that every plugin may ping",
            "hosts that no plugin may ping",
        ],
        within: true,
        allow: flag("--allow-ping", "HOST", "Let plugins ping this host, network or name; may be given several times"),
        deny: flag("--deny-ping", "HOST", "Never let plugins ping this"),
        ask: Some(("ping", "ping HOST")),
    },
    Row {
        key: "resolve",
        about: Some(Capability::Resolve),
        summaries: [
            "names that may be asked for; a network means its reverse names",
            "names that every plugin may ask for",
            "names that no plugin may ask for, whatever for",
        ],
        within: false,
        allow: flag(
            "--allow-resolve",
            "NAME",
            "Let plugins ask for this name in DNS, of the host's own name servers; may be given several times",
        ),
        deny: flag("--deny-resolve", "NAME", "Never let plugins ask for this name, whatever for"),
        ask: Some(("resolve", "resolve NAME")),
    },
    Row {
        key: "servers",
        about: Some(Capability::Servers),
        summaries: [
            "name servers that may be asked; without it, the host's own",
            "name servers that every plugin may ask",
            "name servers that no plugin may ask; no port = every port",
        ],
        within: false,
        allow: None,
        deny: None,
        ask: Some(("query", "query NAME@SERVER")),
    },
    Row {
        key: "read",
        about: Some(Capability::Read),
        summaries: [
            "directories and files that may be read",
            "directories and files that every plugin may read",
            "directories and files that no plugin may read",
        ],
        within: false,
        allow: flag("--allow-read", "DIR", "Let plugins read this directory or file; may be given several times"),
        deny: flag("--deny-read", "DIR", "Never let plugins read this"),
        ask: Some(("read", "read PATH")),
    },
    Row {
        key: "handlers",
        about: Some(Capability::Handlers),
        summaries: [
            "protocol handlers that may be used, by name; without it, every one that is loaded",
            "protocol handlers that every plugin may use",
            "protocol handlers that no plugin may use",
        ],
        within: false,
        allow: None,
        deny: None,
        ask: Some(("handler", "handler NAME")),
    },
    later(
        "write",
        "directories that may be written",
        flag("--allow-write", "DIR", ""),
        flag("--deny-write", "DIR", ""),
    ),
    later(
        "listen",
        "ports that may be listened on",
        flag("--allow-listen", "RULE", ""),
        flag("--deny-listen", "RULE", ""),
    ),
    later("ssh", "ssh targets with users and commands", None, None),
    later("processes", "what may be seen of processes", flag("--allow-processes", "WHAT", ""), None),
    later("capture", "interfaces that may be captured", None, None),
    later("secrets", "secrets that the plugin may use", None, None),
];

impl Row {
    pub(crate) fn status(&self) -> Status {
        if self.about.is_some() { Status::Enforced } else { Status::NotYet }
    }
}

impl Capability {
    pub(crate) const ALL: [Self; 6] =
        [Self::Connect, Self::Ping, Self::Resolve, Self::Servers, Self::Read, Self::Handlers];

    /// What the rules under a key of a policy, or of a manifest's wants, are about.
    pub(crate) fn of_key(key: &str) -> Option<Self> {
        CAPABILITIES.iter().find(|row| row.key == key)?.about
    }

    fn row(self) -> Option<&'static Row> {
        CAPABILITIES.iter().find(|row| row.about == Some(self))
    }

    pub(crate) fn key(self) -> &'static str {
        self.row().map_or("", |row| row.key)
    }

    /// Whether its rules may say where a name may lead.
    pub(crate) fn has_within(self) -> bool {
        self.row().is_some_and(|row| row.within)
    }
}

/// The flags whose values are rules, each with whether it is enforced: those that allow, those that
/// deny, those of later versions.
pub fn flags() -> impl Iterator<Item = (&'static Flag, Status)> {
    let of = |status: Status| CAPABILITIES.iter().filter(move |row| row.status() == status);
    let allow = move |status| of(status).filter_map(|row| row.allow.as_ref());
    let deny = move |status| of(status).filter_map(|row| row.deny.as_ref());
    let both = move |status| allow(status).chain(deny(status)).map(move |flag| (flag, status));
    both(Status::Enforced).chain(both(Status::NotYet))
}

/// What a flag is about and whether it denies, if it is one whose rules are enforced.
pub(crate) fn of_flag(name: &str) -> Option<(Capability, bool)> {
    let is = |flag: &Option<Flag>| flag.is_some_and(|flag| flag.name == name);
    let allows = CAPABILITIES.iter().find(|row| is(&row.allow)).map(|row| (row, false));
    let (row, denies) = allows.or_else(|| CAPABILITIES.iter().find(|row| is(&row.deny)).map(|row| (row, true)))?;
    Some((row.about?, denies))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_has_one_row_and_its_flags_are_named_after_its_key() {
        assert_eq!(CAPABILITIES.iter().filter_map(|row| row.about).collect::<Vec<_>>(), Capability::ALL);
        for own in Capability::ALL {
            assert_eq!(CAPABILITIES.iter().filter(|row| row.about == Some(own)).count(), 1, "{own:?}");
            assert_eq!(Capability::of_key(own.key()), Some(own));
        }
        for row in CAPABILITIES {
            let named = |flag: &Option<Flag>, verb: &str| {
                flag.is_none_or(|flag| flag.name == format!("--{verb}-{}", row.key) && !flag.value.is_empty())
            };
            assert!(named(&row.allow, "allow") && named(&row.deny, "deny"), "{}", row.key);
            assert_eq!(row.summaries.iter().all(|text| !text.is_empty()), row.about.is_some(), "{}", row.key);
        }
        let order: Vec<&str> = flags().map(|(flag, _)| flag.name).collect();
        assert_eq!(order[..2], ["--allow-connect", "--allow-ping"]);
        assert_eq!(order[4..6], ["--deny-connect", "--deny-ping"]);
        assert_eq!(of_flag("--deny-read"), Some((Capability::Read, true)));
        assert_eq!(of_flag("--allow-write"), None);
    }
}
