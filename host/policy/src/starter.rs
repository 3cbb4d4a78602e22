//! The policy that `cofferdam init` writes: every table with an example, all of them commented out,
//! so that it allows nothing until somebody decides otherwise.

/// The starter policy, TOML.
pub const STARTER: &str = include_str!("starter.toml");

#[cfg(test)]
mod tests {
    use super::STARTER;
    use crate::{Status, check, keys, parse};

    /// The file with its examples in force: those are the comments without a space after `#`.
    fn in_force() -> String {
        let lines = STARTER.lines().map(|line| match line.trim_start().strip_prefix('#') {
            Some(example) if !example.starts_with(' ') => example,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn i1_the_starter_policy_allows_nothing_and_has_no_mistakes() {
        let checked = check("cofferdam.toml", STARTER, &|_| None, &["tcp", "ping", "dns", "files"]);
        assert_eq!(checked.found.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
        assert!(checked.policy.unwrap().rules.is_empty());
    }

    #[test]
    fn its_examples_are_right_once_they_are_in_force() {
        let env = |name: &str| (name == "DB_HOST").then(|| "db2.lab.example".to_owned());
        let policy = parse("cofferdam.toml", &in_force(), &env).unwrap_or_else(|all| panic!("{}", all[0]));
        assert_eq!(policy.rules.len(), 25);
        assert_eq!(policy.warnings(), []);
    }

    #[test]
    fn it_shows_every_key_there_is() {
        for key in keys().filter(|key| key.status == Status::Enforced) {
            assert!(STARTER.contains(key.name), "`{}` of {}", key.name, key.section);
        }
    }
}
