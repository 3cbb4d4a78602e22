//! What the flags that every command shares come to: a policy, an open registry, a cache folder, a
//! runtime. Nothing is read but what the flags name: a client starts this program inside other
//! people's projects.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cofferdam_audit::{ChainFile, Sink};
use cofferdam_policy::{Diagnostic, Policy};
use cofferdam_registry::{OwnFiles, Policies, Preview, Registry, Setup, Shipped, machine_servers};

use crate::args::Common;
use crate::folders::{cache_folder, state_folder};
use crate::{Misuse, terminal};

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// The longest policy file that is read, in bytes.
const POLICY: u64 = 4 << 20;

/// How long the instances may take to end once the work is done.
const CLOSING: Duration = Duration::from_millis(300);

/// The policy of the flags; its warnings are printed.
///
/// # Errors
/// Everything that is wrong with the file and the flags.
pub fn policy(common: &Common) -> Result<Policy, Misuse> {
    let policy = policy_with(common, &variable)?;
    for warning in policy.warnings() {
        // Some clients show their user all of standard error, at every start.
        terminal::complain(&warning.one_line());
    }
    Ok(policy)
}

/// The policy of the flags, with these variables of the environment.
///
/// # Errors
/// Everything that is wrong with the file and the flags.
pub fn policy_with(common: &Common, variable: &dyn Fn(&str) -> Option<String>) -> Result<Policy, Misuse> {
    let mut mistakes: Vec<String> = Vec::new();
    let shown = |mistake: &Diagnostic| mistake.to_string();
    let mut policy = match common.policy.as_deref().map(|path| read_policy(path, variable)) {
        None => Policy::empty(),
        Some(Ok(policy)) => policy,
        Some(Err(messages)) => {
            mistakes = messages;
            Policy::empty()
        }
    };
    for (flag, rule) in common.rules.given() {
        if let Err(mistake) = policy.add_flag(flag, rule) {
            mistakes.push(shown(&mistake));
        }
    }
    if let Err(all) = policy.add_itmcp_env(common.itmcp_env, variable) {
        mistakes.extend(all.iter().map(shown));
    }
    if !mistakes.is_empty() {
        return Err(Misuse(mistakes.join("\n\n")));
    }
    policy.set_machine_servers(machine_servers());
    Ok(policy)
}

fn read_policy(path: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<Policy, Vec<String>> {
    let text = policy_text(path).map_err(|error| vec![error])?;
    let origin = path.display().to_string();
    cofferdam_policy::parse(&origin, &text, variable).map_err(|all| all.iter().map(Diagnostic::to_string).collect())
}

/// The text of a policy file.
///
/// # Errors
/// It cannot be read, in words.
#[expect(clippy::disallowed_methods, reason = "the one file that the operator names")]
pub fn policy_text(path: &Path) -> Result<String, String> {
    let origin = path.display();
    let file = File::open(path).map_err(|error| format!("error: cannot read the policy `{origin}`: {error}"))?;
    bounded(file, &origin.to_string())
}

/// Reads the text of a policy, up to the limit.
///
/// # Errors
/// It cannot be read or is too long, in words.
pub fn bounded(from: impl Read, origin: &str) -> Result<String, String> {
    let mut text = String::new();
    from.take(POLICY + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("error: cannot read the policy `{origin}`: {error}"))?;
    match text.len() as u64 > POLICY {
        true => Err(format!("error: the policy `{origin}` is longer than {} MiB", POLICY >> 20)),
        false => Ok(text),
    }
}

/// A variable of the environment. No rule holds what is not Unicode.
#[expect(clippy::disallowed_methods, reason = "the variables that a policy names, and ITMCP's")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// What a registry would load. `audit` is the audit file, if it is not the default one.
pub fn preview(common: &Common, policy: Policy, audit: Option<&Path>) -> Preview {
    Preview::of(Setup {
        policy,
        shipped: SHIPPED.to_vec(),
        plugins: common.plugin.clone(),
        cache: None,
        own: own_files(common, audit),
        audit: None,
        policies: Arc::default(),
    })
}

/// Opens a registry with the shipped plugins and those that the flags and the policy name. It puts
/// its policies into `policies`, which the audit asks. Must be called on a runtime.
///
/// # Errors
/// The engine does not start, or a plugin that the operator has named cannot be used. The registry
/// logs problems that it finds later.
pub fn open(
    common: &Common,
    policy: Policy,
    shipped: &[Shipped],
    policies: Arc<Policies>,
    audit: Option<Arc<ChainFile>>,
) -> anyhow::Result<Arc<Registry>> {
    let setup = Setup {
        policy,
        shipped: shipped.to_vec(),
        plugins: common.plugin.clone(),
        cache: if common.no_cache { None } else { cache_folder() },
        own: own_files(common, audit.as_deref().map(ChainFile::path).as_deref()),
        audit: audit.map(|chain| chain as Arc<dyn Sink>),
        policies,
    };
    let registry = Registry::open(setup).map_err(anyhow::Error::msg)?;
    // The operator has named every plugin that is not shipped: the server does not start without
    // one.
    let (broken, missing): (Vec<_>, Vec<_>) = registry.refused().iter().cloned().partition(|one| one.shipped);
    for problem in broken {
        terminal::complain(&format!("error: {problem}"));
    }
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    if missing.is_empty() { Ok(registry) } else { Err(anyhow::anyhow!(missing.join("\nerror: "))) }
}

/// What no grant for files reaches (I16): the policy, the audit with its key, the cache.
fn own_files(common: &Common, audit: Option<&Path>) -> OwnFiles {
    OwnFiles::new(
        common.policy.iter().cloned().collect(),
        audit.map(Path::to_owned).into_iter().collect(),
        cache_folder().into_iter().chain(state_folder().ok()).collect(),
    )
}

/// Ends the registry's instances.
pub async fn close(registry: &Registry) {
    // An instance that takes longer ends with the process.
    let _ = tokio::time::timeout(CLOSING, registry.close()).await;
}

/// The event loop of everything but guests, which have threads of their own: one thread, because a
/// hop to another one takes longer than most of the work. Commands that need no event loop start
/// none.
///
/// # Errors
/// The event queue cannot be opened.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("the event loop cannot start")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn shipped_components_unpack_to_their_digests_and_manifests() {
        for shipped in super::SHIPPED {
            assert_eq!(shipped.verify(), Ok(()), "{}", shipped.manifest);
        }
        let digests: BTreeSet<&str> = super::SHIPPED.iter().map(|shipped| shipped.digest).collect();
        assert_eq!(digests.len(), 16);
    }

    #[test]
    fn a_shipped_component_that_is_another_one_is_found_out() {
        let [one, other, ..] = super::SHIPPED else { panic!("nothing is shipped") };
        let swapped = cofferdam_registry::Shipped { component: other.component, ..*one };
        assert!(swapped.verify().unwrap_err().starts_with("its digest is not"));
        let renamed = cofferdam_registry::Shipped { manifest: other.manifest, ..*one };
        assert_eq!(renamed.verify(), Err("its manifest is another one".to_owned()));
        let cut = cofferdam_registry::Shipped { component: &one.component[1..], ..*one };
        assert!(cut.verify().is_err());
        let mistaken = cofferdam_registry::Shipped { handler: true, ..*one };
        assert!(mistaken.verify().unwrap_err().contains("imports"), "{:?}", mistaken.verify());
    }
}
