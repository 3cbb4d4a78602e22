//! The policies of the generations that are there. A refusal is explained by the policy that it
//! came from, and a rule in the audit is named by its own policy, whichever is current.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use cofferdam_grants::{Denial, RuleId};
use cofferdam_policy::Policy;

/// The policies, by their generation.
#[derive(Debug, Default)]
pub struct Policies(Mutex<Vec<(u32, Weak<Policy>)>>);

impl Policies {
    /// Adds the policy of a further generation, for as long as it is there.
    pub(crate) fn add(&self, generation: u32, policy: &Arc<Policy>) {
        let mut all = self.lock();
        all.retain(|(_, policy)| policy.strong_count() > 0);
        all.push((generation, Arc::downgrade(policy)));
    }

    /// A denial in an operator's words.
    pub fn explain(&self, plugin: &str, denial: &Denial) -> String {
        // Without a rule, nothing of what is said depends on the policy.
        let policy = denial.rule().and_then(|rule| self.of(rule.generation()));
        policy.unwrap_or_default().explain_denial(plugin, denial)
    }

    /// A rule, and where it was written. `None` where its generation is gone.
    pub fn rule(&self, id: RuleId) -> Option<String> {
        self.of(id.generation())?.rule(id).map(ToString::to_string)
    }

    fn of(&self, generation: u32) -> Option<Arc<Policy>> {
        self.lock().iter().find(|(own, _)| *own == generation).and_then(|(_, policy)| policy.upgrade())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u32, Weak<Policy>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use cofferdam_grants::{Ask, Moment, Pins, Protocol};
    use cofferdam_policy::{ABI, Manifest, effective};

    use super::*;

    fn denying(generation: u32, rule: &str) -> (Arc<Policy>, Denial) {
        let mut policy = Policy::empty();
        policy.add_flag("--deny-connect", rule).unwrap();
        let policy = policy.in_generation(generation);
        let manifest = format!("name = \"p\"\nversion = \"1\"\nabi = \"{ABI}\"\nkind = \"plugin\"\n");
        let grants = effective(&policy, &Manifest::parse_toml(&manifest).unwrap()).grants;
        let (to, pins) = ("10.0.0.1:22".parse().unwrap(), Pins::new());
        let ask = Ask::Connect { protocol: Protocol::Tcp, to, zone: None, pins: &pins, now: Moment::default() };
        (Arc::new(policy), grants.decide(&ask).unwrap_err())
    }

    #[test]
    fn a_refusal_is_explained_by_the_policy_of_its_generation() {
        let policies = Policies::default();
        let (first, old) = denying(0, "tcp://10.0.0.1");
        let (second, new) = denying(1, "tcp://10.0.0.0/8");
        policies.add(0, &first);
        policies.add(1, &second);
        let rule = |denial: &Denial| {
            let text = policies.explain("p", denial);
            text.lines().find(|line| line.starts_with("rule: ")).map(str::to_owned)
        };
        assert_eq!(rule(&old).as_deref(), Some("rule: --deny-connect tcp://10.0.0.1"));
        assert_eq!(rule(&new).as_deref(), Some("rule: --deny-connect tcp://10.0.0.0/8"));
        let written = |denial: &Denial| policies.rule(denial.rule().unwrap());
        assert_eq!(written(&old).as_deref(), Some("--deny-connect tcp://10.0.0.1"));
        assert_eq!(written(&new).as_deref(), Some("--deny-connect tcp://10.0.0.0/8"));
        drop(first);
        assert_eq!(written(&old), None);
        assert_eq!(rule(&old), None, "no other policy's rule explains it");
    }
}
