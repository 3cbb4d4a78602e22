//! What is to be loaded, and from where: the components that are shipped in the binary, those that
//! the policy names, and those that a flag names. Reads files; runs and compiles nothing.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cofferdam_audit::Sink;
use cofferdam_grants::{Limits, Protocol, printable_text};
use cofferdam_policy::{Effective, Instance, Kind, Manifest, Part, Policy, effective};
use cofferdam_runtime::{
    Digest, Lifetime, NameServers, OwnFiles, PureSpec, Spec, check_imports, check_pure_imports, manifest_section,
    settings_section, unpacked,
};

use crate::definition::{self, Reach};
use crate::policies::Policies;
use crate::settings;

/// The largest component that is read.
const COMPONENT: u64 = 64 << 20;

/// What a registry is made from.
pub struct Setup {
    /// The operator's policy.
    pub policy: Policy,
    /// Components that come with the binary.
    pub shipped: Vec<Shipped>,
    /// Further components, by file.
    pub plugins: Vec<PathBuf>,
    /// Where compiled code and definitions are kept.
    pub cache: Option<PathBuf>,
    /// Our own files, which no grant reaches; the components are added to them.
    pub own: OwnFiles,
    /// Where events are written besides the log. What cannot be written there does not happen.
    pub audit: Option<Arc<dyn Sink>>,
    /// Where a registry puts the policy of each of its generations: the audit asks them about the
    /// rules that it names.
    pub policies: Arc<Policies>,
}

/// A component that comes with the binary, and its tools, so that listing them runs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// The component, packed ([`cofferdam_packed::unpack`]). Starting unpacks none.
    pub component: &'static [u8],
    /// Its manifest, as it stands in the component.
    pub manifest: &'static str,
    /// Whether it is a protocol handler.
    pub handler: bool,
    /// Its SHA-256 in lower-case hexadecimal, which the build has found out: starting is not to
    /// read it all.
    pub digest: &'static str,
    /// Its code, compiled ahead ([`cofferdam_runtime::compile_ahead`]) and packed; a release has
    /// it.
    pub code: Option<&'static [u8]>,
    /// Its definitions, as `cofferdam tools --json` gives them.
    pub definitions: &'static [u8],
}

impl Shipped {
    /// Looks whether the component, its digest and its manifest belong together, and whether it
    /// imports only what this host knows. Unpacks it; so no start does this, but the tests and who
    /// makes a release.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn verify(&self) -> Result<(), String> {
        let component = unpacked(self.component)?;
        if Digest::of(&component) != Digest::known(self.digest) {
            return Err(format!("its digest is not {}", self.digest));
        }
        if manifest_section(&component)?.as_deref() != Some(self.manifest) {
            return Err("its manifest is another one".to_owned());
        }
        let name = Manifest::parse_toml(self.manifest)?.name;
        match self.handler {
            true => check_pure_imports(&name, &component),
            false => check_imports(&name, &component),
        }
        .map_err(|error| error.to_string())
    }
}

/// A plugin cannot be loaded; the others can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin `{plugin}`: {cause}")]
pub struct LoadProblem {
    /// Its name, or its file.
    pub plugin: String,
    /// Whether it comes with the binary; the others were asked for by name.
    pub shipped: bool,
    /// Which part of its table in the policy it is about.
    pub part: Part,
    /// Why.
    pub cause: String,
}

impl LoadProblem {
    /// What is wrong may quote the component: its manifest, its imports, its functions' names.
    pub(crate) fn new(plugin: impl Into<String>, cause: impl AsRef<str>) -> Self {
        Self {
            plugin: plugin.into(),
            shipped: false,
            part: Part::Table,
            cause: printable_text(cause.as_ref().to_owned()),
        }
    }
}

/// A plugin that was found, with its grants, ready for the runtime.
pub(crate) struct Candidate {
    pub manifest: Manifest,
    pub effective: Effective,
    pub digest: Digest,
    pub settings: String,
    pub bytes: Cow<'static, [u8]>,
    pub shipped: Option<&'static [u8]>,
    pub ahead: Option<&'static [u8]>,
}

impl Candidate {
    /// The names of its tools, where they come with the binary.
    pub fn shipped_tools(&self) -> Vec<String> {
        self.shipped.map(definition::names).unwrap_or_default()
    }

    /// Whether it only computes: a protocol handler, or a language for scripts.
    pub fn is_pure(&self) -> bool {
        self.manifest.kind != Kind::Plugin
    }

    pub fn pure_spec(&self) -> PureSpec {
        PureSpec {
            name: self.manifest.name.clone(),
            version: self.manifest.version.clone(),
            description: self.manifest.description.clone(),
            bytes: self.bytes.clone(),
            digest: self.digest.clone(),
            ahead: self.ahead,
            limits: self.effective.limits,
        }
    }

    pub fn spec(&self) -> Spec {
        Spec {
            name: self.manifest.name.clone(),
            bytes: self.bytes.clone(),
            digest: self.digest.clone(),
            ahead: self.ahead,
            grants: self.effective.grants.clone(),
            limits: self.effective.limits,
            settings: self.settings.clone(),
            lifetime: match self.manifest.instance {
                Instance::Actor => Lifetime::Shared,
                Instance::Call => Lifetime::PerCall,
            },
            concurrency: self.manifest.concurrency.map(usize::from),
        }
    }
}

/// Finds everything, shipped plugins first: their names cannot be taken.
pub(crate) fn find(setup: &Setup) -> (Vec<Candidate>, Vec<LoadProblem>) {
    let (found, mut problems) = find_unlinked(setup);
    // What the host does not know cannot be linked; what is not granted is linked to refusals.
    for one in found.iter().filter(|one| one.shipped.is_none()) {
        let checked = match one.is_pure() {
            true => check_pure_imports(&one.manifest.name, &one.bytes),
            false => check_imports(&one.manifest.name, &one.bytes),
        };
        if let Err(error) = checked {
            problems.push(LoadProblem::new(&one.manifest.name, error.to_string()));
        }
    }
    (found, problems)
}

/// The same without a look at the imports, for which the rules have to be known.
pub(crate) fn find_unlinked(setup: &Setup) -> (Vec<Candidate>, Vec<LoadProblem>) {
    let mut found: Vec<Candidate> = Vec::new();
    let mut problems = Vec::new();
    let mut add = |result: Result<Candidate, LoadProblem>| match result {
        Ok(one) => match found.iter().find(|other| other.manifest.name == one.manifest.name) {
            Some(other) => {
                let whose = if other.shipped.is_some() { "shipped with Cofferdam" } else { "loaded already" };
                problems.push(LoadProblem::new(&one.manifest.name, format!("a plugin of this name is {whose}")));
            }
            None => found.push(one),
        },
        Err(problem) => problems.push(problem),
    };
    for shipped in &setup.shipped {
        add(read("shipped", None, Cow::Borrowed(shipped.component), Some(shipped), &setup.policy));
    }
    for (name, table) in setup.policy.plugins() {
        if let Some(path) = &table.component {
            let written = table.component_text.as_deref().unwrap_or(path);
            add(from_file(Path::new(path), written, Some(name), &setup.policy));
        }
    }
    for path in &setup.plugins {
        add(from_file(path, &path.display().to_string(), None, &setup.policy));
    }
    for one in found.iter().filter(|one| one.effective.listing.names_tools()) {
        let tools = one.shipped_tools();
        let known: Vec<&str> = tools.iter().map(String::as_str).collect();
        // Where definitions are not known yet, nothing is known to be missing from them.
        let unknown = if known.is_empty() { Vec::new() } else { one.effective.listing.unknown(&known) };
        // Not as of a shipped plugin, without which others are served: the operator has named it.
        problems.extend(unknown.into_iter().map(|(index, cause)| LoadProblem {
            part: Part::Tool(index),
            ..LoadProblem::new(&one.manifest.name, cause)
        }));
    }
    for (name, table) in setup.policy.plugins() {
        if !found.iter().any(|one| one.manifest.name == name) && !problems.iter().any(|problem| problem.plugin == name)
        {
            let known: Vec<_> = found.iter().map(|one| format!("`{}`", one.manifest.name)).collect();
            let cause = format!(
                "{} has rules for it, but there is no such plugin (there are {}); `component = \"/path/to.wasm\"` names one",
                table.origin,
                known.join(", "),
            );
            problems.push(LoadProblem::new(name, cause));
        }
    }
    (found, problems)
}

/// What is ours, with the components that were named and the cache.
pub(crate) fn own_files(setup: &Setup) -> OwnFiles {
    let mut own = setup.own.clone();
    let named = setup.policy.plugins().filter_map(|(_, table)| table.component.as_ref().map(PathBuf::from));
    own.files.extend(setup.plugins.iter().cloned().chain(named));
    own.folders.extend(setup.cache.clone());
    // A working directory that is gone makes nothing of ours readable: what is relative to it
    // cannot be found either.
    for path in own.files.iter_mut().chain(&mut own.families).chain(&mut own.folders) {
        *path = std::path::absolute(&*path).unwrap_or_else(|_| path.clone());
    }
    own.remember();
    own
}

/// Whom the host asks for names under this policy.
pub(crate) fn name_servers(policy: &Policy) -> NameServers {
    match policy.name_servers() {
        [] => NameServers::System,
        these => NameServers::These(these.to_vec()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a component that the operator has named")]
fn from_file(path: &Path, written: &str, name: Option<&str>, policy: &Policy) -> Result<Candidate, LoadProblem> {
    let shown = name.unwrap_or(written);
    // The path as it was written: what a variable in it says is not told.
    let problem = |cause: String| LoadProblem { part: Part::Component, ..LoadProblem::new(shown, cause) };
    let about = std::fs::metadata(path).map_err(|error| problem(format!("`{written}`: {error}")))?;
    if !about.is_file() {
        return Err(problem(format!("`{written}` is not a file")));
    }
    if about.len() > COMPONENT {
        return Err(problem(format!("`{written}` is larger than {} MiB", COMPONENT >> 20)));
    }
    let bytes = std::fs::read(path).map_err(|error| problem(format!("`{written}`: {error}")))?;
    read(shown, name, Cow::Owned(bytes), None, policy)
}

fn read(
    shown: &str,
    name: Option<&str>,
    bytes: Cow<'static, [u8]>,
    shipped: Option<&Shipped>,
    policy: &Policy,
) -> Result<Candidate, LoadProblem> {
    let problem = |cause: String| LoadProblem { part: Part::Component, ..LoadProblem::new(shown, cause) };
    let text = match shipped {
        Some(shipped) => Cow::Borrowed(shipped.manifest),
        None => Cow::Owned(manifest_section(&bytes).map_err(&problem)?.ok_or_else(|| {
            problem("it carries no manifest (the custom section `cofferdam-manifest`, which the SDK writes)".to_owned())
        })?),
    };
    let manifest = Manifest::parse_toml(&text).map_err(&problem)?;
    let problem = |cause: String| LoadProblem {
        shipped: shipped.is_some(),
        part: Part::Component,
        ..LoadProblem::new(name.unwrap_or(&manifest.name), cause)
    };
    let about_settings = |cause: String| LoadProblem { part: Part::Settings, ..problem(cause) };
    if let Some(name) = name
        && name != manifest.name
    {
        return Err(problem(format!(
            "the component's own name is `{}`: the policy's table has to bear it",
            manifest.name
        )));
    }
    let table = policy.plugins().find(|(name, _)| *name == manifest.name).map(|(_, table)| table);
    if manifest.kind != Kind::Plugin
        && let Some(limit) = policy.limits_of(&manifest.name).find(|limit| !Limits::FOR_HANDLERS.contains(limit))
    {
        let known = Limits::FOR_HANDLERS.iter().map(|limit| format!("`{limit}`")).collect::<Vec<_>>().join(", ");
        let cause = format!("it is a protocol handler, which has no limit `{limit}` (there are {known})");
        // The operator has asked for it, also where the handler is shipped.
        return Err(LoadProblem { shipped: false, part: Part::Table, ..problem(cause) });
    }
    // A shipped one has the schema in its manifest, so that nothing is unpacked to look for it.
    let own = shipped.is_none().then(|| settings_section(&bytes)).transpose().map_err(&problem)?.flatten();
    let schema = settings::schema(own, &manifest).map_err(&problem)?;
    let written = table.and_then(|table| table.settings.as_ref());
    let settings = settings::checked(&manifest.name, written, schema.as_ref()).map_err(about_settings)?;
    Ok(Candidate {
        effective: effective(policy, &manifest),
        digest: shipped.map_or_else(|| Digest::of(&bytes), |shipped| Digest::known(shipped.digest)),
        manifest,
        settings,
        bytes,
        shipped: shipped.map(|shipped| shipped.definitions),
        ahead: shipped.and_then(|shipped| shipped.code),
    })
}

/// What a plugin may do, which its tools' hints depend on.
pub(crate) fn reach(candidate: &Candidate) -> Reach {
    let grants = &candidate.effective.grants;
    // A connection can do anything to its peer; an echo request or a question changes nothing
    // there.
    let acts = grants.grants_connect(Protocol::Tcp) || grants.grants_connect(Protocol::Udp);
    let open_world = acts || grants.grants_ping() || grants.grants_query();
    Reach { shipped: candidate.shipped.is_some(), acts, open_world }
}
