//! What would be loaded, and what it might do: for people who ask before anything is served.
//! Nothing is compiled, run or kept. Two functions reach the world: a lookup, against its permit,
//! and a look at a file, the way a plugin takes.

use std::net::{IpAddr, SocketAddr};

use cofferdam_grants::{AbsolutePath, Ask, AtPath, Grants, HandlerName, Limits, Permit, Resource, Rule};
use cofferdam_policy::{Manifest, Policy, Unlisted};
use cofferdam_runtime::{Names, Unresolved, try_reading};

use crate::load::{Candidate, LoadProblem, Setup, Shipped, find, find_unlinked, name_servers, own_files};

/// A plugin, for people.
#[derive(Clone, Debug)]
pub struct PluginStatus {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: String,
    /// Whether it comes with the binary.
    pub shipped: bool,
    /// What it may do: each rule with where it was written; a deny rule begins with `deny`.
    pub rules: Vec<String>,
    /// Rules for it that have no effect, as its manifest wants nothing of them.
    pub idle: Vec<String>,
    /// What it wanted and was not granted any of.
    pub unmet: Vec<String>,
    /// Its tools that clients are not shown, as far as they are known, each with the reason.
    pub unlisted: Vec<(String, Unlisted)>,
    /// How many tools of it are known.
    pub tools: usize,
    /// What it may use.
    pub limits: Limits,
}

/// A protocol handler, for people.
#[derive(Clone, Debug)]
pub struct HandlerStatus {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: String,
    /// Whether it comes with the binary.
    pub shipped: bool,
    /// What it is for.
    pub description: String,
    /// The plugins that may use it.
    pub users: Vec<String>,
    /// What a session may use.
    pub limits: Limits,
}

impl Candidate {
    /// Whether any rule allows it anything.
    pub fn allows_anything(&self) -> bool {
        let reaches = |rule: &Rule| !matches!(rule, Rule::Handler(_));
        self.effective.grants.rules().any(|rule| !rule.denies && rule.wanted && reaches(rule.rule))
    }

    /// The plugin with these tools, for people. The policy says where its rules were written.
    pub fn status<'a>(&self, policy: &Policy, tools: impl Iterator<Item = &'a (impl AsRef<str> + 'a)>) -> PluginStatus {
        let tools: Vec<&str> = tools.map(AsRef::as_ref).collect();
        let why = |tool: &&str| Some(((*tool).to_owned(), self.effective.listing.unlisted(tool)?));
        let mut rules = Vec::new();
        let mut idle = Vec::new();
        for granted in self.effective.grants.rules() {
            let Some(source) = policy.rule(granted.id) else { continue };
            match (granted.denies, granted.wanted) {
                (true, _) => rules.push(format!("deny {source}")),
                (false, true) => rules.push(source.to_string()),
                // A rule for every plugin is meant for those that want something of it.
                (false, false) if policy.is_for_all(granted.id) => {}
                (false, false) => idle.push(source.to_string()),
            }
        }
        if self.effective.grants.grants_system_servers() {
            rules.push("servers system (the host's own, as no rule names others)".to_owned());
        }
        PluginStatus {
            name: self.manifest.name.clone(),
            version: self.manifest.version.clone(),
            digest: self.digest.as_str().to_owned(),
            shipped: self.shipped.is_some(),
            rules,
            idle,
            unmet: self.effective.unmet.clone(),
            unlisted: tools.iter().filter_map(why).collect(),
            tools: tools.len(),
            limits: self.effective.limits,
        }
    }
}

/// What a registry would be made from.
pub struct Preview {
    found: Vec<Candidate>,
    problems: Vec<LoadProblem>,
    setup: Setup,
}

impl Preview {
    /// Reads the components and their manifests.
    pub fn of(setup: Setup) -> Self {
        let (found, problems) = find(&setup);
        Self { found, problems, setup }
    }

    /// The same for a policy of which the tables alone are known: what is linked depends on rules,
    /// and is not looked at.
    pub fn of_tables(setup: Setup) -> Self {
        let (found, problems) = find_unlinked(&setup);
        Self { found, problems, setup }
    }

    /// Every plugin, for people.
    pub fn plugins(&self) -> Vec<PluginStatus> {
        let status = |found: &Candidate| found.status(&self.setup.policy, found.shipped_tools().iter());
        self.found.iter().filter(|found| !found.is_pure()).map(status).collect()
    }

    /// Every protocol handler, for people.
    pub fn handlers(&self) -> Vec<HandlerStatus> {
        let status = |found: &Candidate| {
            let name = HandlerName::parse(&found.manifest.name);
            let may_use = |user: &&Candidate| {
                let asked = |name| user.effective.grants.decide(&Ask::Handler { name }).is_ok();
                name.as_ref().is_some_and(asked)
            };
            HandlerStatus {
                name: found.manifest.name.clone(),
                version: found.manifest.version.clone(),
                digest: found.digest.as_str().to_owned(),
                shipped: found.shipped.is_some(),
                description: found.manifest.description.clone(),
                users: self.found.iter().filter(may_use).map(|user| user.manifest.name.clone()).collect(),
                limits: found.effective.limits,
            }
        };
        self.found.iter().filter(|found| found.is_pure()).map(status).collect()
    }

    /// The names of the plugins.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.found.iter().filter(|found| !found.is_pure()).map(|found| found.manifest.name.as_str())
    }

    /// What a plugin says of itself.
    pub fn manifest(&self, name: &str) -> Option<&Manifest> {
        let mut plugins = self.found.iter().filter(|found| !found.is_pure()).map(|found| &found.manifest);
        plugins.find(|manifest| manifest.name == name)
    }

    /// What every plugin and handler says of itself.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.found.iter().map(|found| &found.manifest)
    }

    /// What reading a path would come to now under these grants. Has to be awaited on a tokio
    /// runtime.
    pub async fn try_reading(&self, grants: Grants, path: &AbsolutePath) -> AtPath {
        try_reading(grants, own_files(&self.setup), path).await
    }

    /// What could not be loaded.
    pub fn problems(&self) -> &[LoadProblem] {
        &self.problems
    }
}

/// The name servers that the machine asks: what `system` stands for in a policy that names none
/// itself.
pub fn machine_servers() -> Vec<SocketAddr> {
    cofferdam_runtime::machine_servers()
}

/// The names of the shipped plugins, as their manifests give them.
pub fn shipped_names(shipped: &[Shipped]) -> Vec<String> {
    let name = |shipped: &Shipped| Some(Manifest::parse_toml(shipped.manifest).ok()?.name);
    shipped.iter().filter_map(name).collect()
}

/// Looks up the name that the permit is for, as a plugin's lookups are, of the name servers of the
/// policy. Has to be awaited on a tokio runtime.
///
/// # Errors
/// Why there are no addresses, in words.
pub async fn look_up(policy: &Policy, permit: Permit) -> Result<Vec<IpAddr>, String> {
    let Resource::Name(name) = permit.resource().clone() else { return Err("no lookup is permitted".to_owned()) };
    match Names::new(name_servers(policy)).look_up(permit).await {
        Ok(addresses) => Ok(addresses),
        Err(Unresolved::NoSuchName | Unresolved::NoAddresses) => Err(format!("`{name}` has no addresses")),
        Err(Unresolved::NoAnswer) => Err("no name server answered in time".to_owned()),
        Err(Unresolved::Failed(why)) => Err(why.to_owned()),
    }
}
