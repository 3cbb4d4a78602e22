//! Whether a protocol handler may be used on a connection.

use super::Verdict;
use crate::denial::Near;
use crate::{Grants, HandlerName, Reason};

impl Grants {
    /// A handler may be used if a rule names it, or `any`. It can only compute: nothing else is
    /// granted by it. Whether there is one of this name is not known here.
    pub(super) fn handler(&self, name: &HandlerName) -> Verdict {
        if let Some((id, _)) = self.handler_denies().find(|(_, deny)| deny.covers(name)) {
            return Err(Near::because(Reason::Denied(id)));
        }
        let wanted = self.handler_wants().any(|want| want.covers(name));
        let mut near = Near::because(Reason::NoRule);
        for (id, _) in self.handlers().filter(|(_, rule)| rule.covers(name)) {
            if wanted {
                return Ok(vec![id]);
            }
            near.note(Reason::NotWanted, id, None, None);
        }
        Err(near.unless_wanted(wanted))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Ask, Denial, Grants, GrantsBuilder, HandlerName, HandlerRule, Permit, Reason, RuleId};

    fn rule(text: &str) -> HandlerRule {
        match text {
            "any" => HandlerRule::Any,
            name => HandlerRule::Name(HandlerName::parse(name).unwrap()),
        }
    }

    fn grants(allow: &[&str], deny: &[&str], wants: &[&str]) -> Grants {
        let id = |index: usize| RuleId::new(0, u32::try_from(index).unwrap());
        let mut builder = GrantsBuilder::new();
        for (index, text) in allow.iter().enumerate() {
            builder = builder.allow(id(index), rule(text));
        }
        for (index, text) in deny.iter().enumerate() {
            builder = builder.deny(id(100 + index), rule(text));
        }
        wants.iter().fold(builder, |builder, want| builder.want(rule(want))).finish()
    }

    fn ask(grants: &Grants, name: &str) -> Result<Permit, Denial> {
        grants.decide(&Ask::Handler { name: &HandlerName::parse(name).unwrap() })
    }

    #[test]
    fn a_handler_that_a_rule_names_may_be_used_and_no_other() {
        let own = grants(&["irc", "redis"], &[], &["any"]);
        assert_eq!(ask(&own, "redis").unwrap().rules(), [RuleId::new(0, 1)]);
        assert_eq!(ask(&own, "smtp").unwrap_err().reason(), Reason::NoRule);
        assert!(ask(&grants(&["any"], &[], &["any"]), "smtp").is_ok());
        assert_eq!(ask(&Grants::default(), "irc").unwrap_err().reason(), Reason::NotWanted);
    }

    #[test]
    fn deny_wins_and_what_the_manifest_does_not_want_is_not_granted() {
        let own = grants(&["any"], &["irc"], &["any"]);
        assert_eq!(ask(&own, "irc").unwrap_err().reason(), Reason::Denied(RuleId::new(0, 100)));
        assert!(ask(&own, "redis").is_ok());
        assert_eq!(ask(&grants(&["any"], &[], &["irc"]), "redis").unwrap_err().reason(), Reason::NotWanted);
        assert_eq!(ask(&grants(&["any"], &[], &[]), "redis").unwrap_err().reason(), Reason::NotWanted);
    }

    #[test]
    fn names_are_lower_case_letters_digits_and_hyphens() {
        for good in ["irc", "http1", "a-b", "z"] {
            assert_eq!(HandlerName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "1a", "-a", "A", "a_b", "a b", "é", &"a".repeat(33)] {
            assert_eq!(HandlerName::parse(bad), None, "{bad}");
        }
    }
}
