//! What one plugin was granted: the operator's allow and deny rules and the manifest's wants.
//!
//! How they are combined into an answer is `decide.rs`. Where they come from is
//! `cofferdam_policy::effective`, the one caller of [`GrantsBuilder`] (invariant I4).

use std::net::SocketAddr;

use crate::rule::Reach;
use crate::{AbsolutePath, HandlerRule, Protocol, ResolveRule, Rule, RuleId, ServerRule, Servers, canonical_socket};

/// The grants of one plugin. The default grants nothing (invariant I1), and nothing can be added
/// after it is built (invariant I4).
#[derive(Clone, Debug, Default)]
pub struct Grants {
    pub(crate) allow: Vec<(RuleId, Rule)>,
    pub(crate) deny: Vec<(RuleId, Rule)>,
    pub(crate) wants: Vec<Rule>,
    pub(crate) system: Vec<SocketAddr>,
}

/// One rule of the grants, for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted<'a> {
    /// Its id.
    pub id: RuleId,
    /// Whether it denies.
    pub denies: bool,
    /// Whether it has any effect: a deny rule always has, an allow rule if the manifest wants
    /// something of it.
    pub wanted: bool,
    /// The rule.
    pub rule: &'a Rule,
}

impl Grants {
    /// Whether anything of the kind is granted: an allow rule of this protocol that meets a want.
    /// Where not, the imports are not linked (invariant I7).
    pub fn grants_connect(&self, protocol: Protocol) -> bool {
        self.grants_some(|rule| matches!(rule, Rule::Connect(rule) if rule.protocol() == protocol))
    }

    /// Whether anything may be pinged.
    pub fn grants_ping(&self) -> bool {
        self.grants_some(|rule| matches!(rule, Rule::Ping(_)))
    }

    /// Whether any name may be asked for.
    pub fn grants_query(&self) -> bool {
        self.grants_some(|rule| matches!(rule, Rule::Resolve(_)))
    }

    /// Whether anything may be read.
    pub fn grants_read(&self) -> bool {
        self.grants_some(|rule| matches!(rule, Rule::Read(_)))
    }

    /// Whether any protocol handler may be used.
    pub fn grants_handlers(&self) -> bool {
        self.grants_some(|rule| matches!(rule, Rule::Handler(_)))
    }

    /// Whether name servers may be asked without a rule that names any: the host's own.
    pub fn grants_system_servers(&self) -> bool {
        self.grants_query() && self.server_rules().next().is_none() && !self.servers(&self.system).is_empty()
    }

    /// Whether nothing is granted that reaches anything. A protocol handler only computes.
    pub fn is_empty(&self) -> bool {
        let connects = [Protocol::Tcp, Protocol::Udp].iter().any(|protocol| self.grants_connect(*protocol));
        !(connects || self.grants_ping() || self.grants_query() || self.grants_read())
    }

    /// The directories and files that may be read, with everything below them but what is denied;
    /// none lies in another. Whether they exist is not known here.
    pub fn read_roots(&self) -> Vec<AbsolutePath> {
        let mut roots: Vec<AbsolutePath> = self
            .reads()
            .flat_map(|(_, own)| self.read_wants().filter_map(move |want| narrower(own, want)))
            .filter(|root| !self.read_denies().any(|(_, deny)| root.is_within(deny)))
            .cloned()
            .collect();
        roots.sort();
        let all = roots.clone();
        roots.retain(|root| !all.iter().any(|other| other != root && root.is_within(other)));
        roots.dedup();
        roots
    }

    /// The directories and files that may not be read, nor anything below them, as the rules spell
    /// them. Where a part of such a path is a link, is not known here: whoever opens files follows
    /// it, and asks about what lies there by this spelling.
    pub fn denied_reads(&self) -> impl Iterator<Item = &AbsolutePath> {
        self.read_denies().map(|(_, deny)| deny)
    }

    /// The name servers to ask where a question names none: those that the rules name, or else
    /// those of the host that the rules cover. `system` are the servers that the host asks now.
    pub fn servers(&self, system: &[SocketAddr]) -> Vec<SocketAddr> {
        let mut found: Vec<SocketAddr> = Vec::new();
        if !self.grants_query() {
            return found;
        }
        let named = self.server_rules().flat_map(|(_, rule)| match (rule.servers(), rule.port()) {
            (Servers::Address(address), Some(port)) => vec![SocketAddr::new(address, port)],
            (Servers::System, _) => system.to_vec(),
            _ => Vec::new(),
        });
        found.extend(named);
        if found.is_empty() {
            found.extend(system);
        }
        let mut kept: Vec<SocketAddr> = Vec::new();
        for server in found {
            if !kept.contains(&server) && self.may_ask(server, system) {
                kept.push(server);
            }
        }
        kept
    }

    /// The servers that the host asked when the grants were made. What is asked later says which
    /// they are then.
    pub fn system_servers(&self) -> &[SocketAddr] {
        &self.system
    }

    /// The rules in the order of the policy, allow rules first.
    pub fn rules(&self) -> impl Iterator<Item = Granted<'_>> {
        let allow =
            self.allow.iter().map(|(id, rule)| Granted { id: *id, denies: false, wanted: self.wants_some(rule), rule });
        let deny = self.deny.iter().map(|(id, rule)| Granted { id: *id, denies: true, wanted: true, rule });
        allow.chain(deny)
    }

    /// What the manifest wants.
    pub fn wants(&self) -> &[Rule] {
        &self.wants
    }

    /// Whether anything of this want is granted, as far as that can be told without asking for each
    /// thing.
    pub fn meets(&self, want: &Rule) -> bool {
        let left = |rule: &Rule| !self.deny.iter().any(|(_, deny)| deny.denies_all_of(rule));
        let met = left(want) && self.allow.iter().any(|(_, rule)| self.rule_meets(rule, want) && left(rule));
        match want {
            // Without a rule for servers the host's own are asked.
            Rule::Server(want) if self.server_rules().next().is_none() => {
                self.grants_query() && ServerRule::new(Servers::System, None).meets(want, &self.system)
            }
            _ => met,
        }
    }

    /// Whether the manifest wants something of an allow rule.
    pub(crate) fn wants_some(&self, rule: &Rule) -> bool {
        match rule {
            Rule::Server(own) if self.server_wants().next().is_none() => {
                let asks = self.wants.iter().any(|want| matches!(want, Rule::Resolve(_)));
                asks && own.meets(&ServerRule::new(Servers::System, None), &self.system)
            }
            rule => self.wants.iter().any(|want| self.rule_meets(rule, want)),
        }
    }

    fn rule_meets(&self, rule: &Rule, want: &Rule) -> bool {
        match (rule, want) {
            (Rule::Connect(rule), Rule::Connect(want)) => rule.meets(want),
            (Rule::Ping(rule), Rule::Ping(want)) => rule.meets(want),
            (Rule::Resolve(rule), Rule::Resolve(want)) => rule.meets(want),
            (Rule::Server(rule), Rule::Server(want)) => rule.meets(want, &self.system),
            (Rule::Read(own), Rule::Read(want)) => narrower(own, want).is_some(),
            (Rule::Handler(own), Rule::Handler(want)) => own.meets(want),
            _ => false,
        }
    }

    fn grants_some(&self, kind: impl Fn(&Rule) -> bool) -> bool {
        self.allow.iter().any(|(_, rule)| kind(rule) && self.wants_some(rule))
    }

    /// Whether the server part of a query would be allowed.
    fn may_ask(&self, server: SocketAddr, system: &[SocketAddr]) -> bool {
        let server = canonical_socket(server);
        let denied = self.server_denies().any(|(_, deny)| deny.denies(server, system));
        let own = self.server_rules().any(|(_, rule)| rule.reach(server, system) == Reach::Yes);
        let allowed = own || (self.server_rules().next().is_none() && system.contains(&server));
        !denied && allowed && self.wants_server(server, system)
    }

    /// Whether the manifest wants a server: those of the host where it names none.
    pub(crate) fn wants_server(&self, server: SocketAddr, system: &[SocketAddr]) -> bool {
        match self.server_wants().next() {
            None => system.contains(&server),
            Some(_) => self.server_wants().any(|want| want.wants(server, system)),
        }
    }
}

/// The rules of one kind: of the allow rules, of the deny rules, of the wants. Those about peers
/// are gone through in `decide/peer.rs`.
macro_rules! kind {
    ($variant:ident, $rule:ty, $allow:ident, $deny:ident, $wants:ident) => {
        impl Grants {
            pub(crate) fn $allow(&self) -> impl Iterator<Item = (RuleId, &$rule)> {
                self.allow
                    .iter()
                    .filter_map(|(id, rule)| if let Rule::$variant(rule) = rule { Some((*id, rule)) } else { None })
            }

            pub(crate) fn $deny(&self) -> impl Iterator<Item = (RuleId, &$rule)> {
                self.deny
                    .iter()
                    .filter_map(|(id, rule)| if let Rule::$variant(rule) = rule { Some((*id, rule)) } else { None })
            }

            pub(crate) fn $wants(&self) -> impl Iterator<Item = &$rule> {
                self.wants.iter().filter_map(|want| if let Rule::$variant(want) = want { Some(want) } else { None })
            }
        }
    };
}

kind!(Resolve, ResolveRule, resolves, resolve_denies, resolve_wants);
kind!(Server, ServerRule, server_rules, server_denies, server_wants);
kind!(Read, AbsolutePath, reads, read_denies, read_wants);
kind!(Handler, HandlerRule, handlers, handler_denies, handler_wants);

/// The one of two paths that lies in the other, if one does.
fn narrower<'a>(one: &'a AbsolutePath, other: &'a AbsolutePath) -> Option<&'a AbsolutePath> {
    match (one.is_within(other), other.is_within(one)) {
        (true, _) => Some(one),
        (false, true) => Some(other),
        (false, false) => None,
    }
}

/// The way grants are born. Only `cofferdam_policy::effective` uses it outside this crate's tests.
#[derive(Debug, Default)]
pub struct GrantsBuilder {
    grants: Grants,
}

impl GrantsBuilder {
    /// No rules yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an allow rule.
    #[must_use]
    pub fn allow(mut self, id: RuleId, rule: impl Into<Rule>) -> Self {
        self.grants.allow.push((id, rule.into()));
        self
    }

    /// Adds a deny rule, which wins over every allow rule and every pin.
    #[must_use]
    pub fn deny(mut self, id: RuleId, rule: impl Into<Rule>) -> Self {
        self.grants.deny.push((id, rule.into()));
        self
    }

    /// Adds something that the plugin's manifest wants; without it no allow rule has effect.
    #[must_use]
    pub fn want(mut self, rule: impl Into<Rule>) -> Self {
        self.grants.wants.push(rule.into());
        self
    }

    /// Says which name servers the host itself asks: what `system` stands for.
    #[must_use]
    pub fn system_servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.grants.system.extend(servers.into_iter().map(canonical_socket));
        self
    }

    /// The grants, closed.
    pub fn finish(self) -> Grants {
        self.grants
    }
}
