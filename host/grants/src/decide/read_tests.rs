//! What may be read: allow and deny in pairs.

use super::*;
use crate::testing::{mixed, read, suggested};

fn files(allow: &[&str], deny: &[&str]) -> Grants {
    mixed(allow, deny, &["read /"], &[])
}

fn roots(own: &Grants) -> Vec<String> {
    own.read_roots().iter().map(ToString::to_string).collect()
}

#[test]
fn a_rule_covers_itself_and_what_lies_below() {
    let own = files(&["read /var/log", "read /etc/hosts"], &[]);
    for text in ["/var/log", "/var/log/", "/var/log/syslog", "/var/log/a/b.gz", "/etc/hosts"] {
        assert!(read(&own, text).is_ok(), "{text}");
    }
    for text in ["/var/logs", "/var", "/", "/etc", "/etc/hosts.allow", "/srv/keys/id_ed25519"] {
        assert_eq!(reason(read(&own, text)), Reason::NoRule, "{text}");
    }
    let permit = read(&own, "/etc/hosts").unwrap();
    assert_eq!((permit.rule(), permit.resource().to_string().as_str()), (RuleId::new(0, 1), "file:/etc/hosts"));
    assert!(read(&files(&["read /"], &[]), "/anything/at/all").is_ok());
}

#[test]
fn deny_wins_with_everything_below_it() {
    let own = files(&["read /var"], &["read /var/lib/private", "read /var/log/auth.log"]);
    for text in ["/var/lib", "/var/lib/privateer", "/var/log/auth.log.1"] {
        assert!(read(&own, text).is_ok(), "{text}");
    }
    for (text, id) in [("/var/lib/private", 100), ("/var/lib/private/x", 100), ("/var/log/auth.log", 101)] {
        assert_eq!(reason(read(&own, text)), Reason::Denied(RuleId::new(0, id)), "{text}");
    }
}

#[test]
fn a_grant_is_what_both_name() {
    let own = mixed(&["read /var/log", "read /etc"], &[], &["read /etc/hosts", "read /var"], &[]);
    assert!(read(&own, "/etc/hosts").is_ok() && read(&own, "/var/log/x").is_ok());
    assert_eq!(reason(read(&own, "/etc/passwd")), Reason::NotWanted);
    assert_eq!(roots(&own), ["/etc/hosts", "/var/log"]);
    let other = mixed(&["read /var/log"], &[], &["any *"], &[]);
    assert!(!other.grants_read() && other.is_empty());
    assert_eq!(reason(read(&other, "/var/log")), Reason::NotWanted);
}

#[test]
fn i7_the_roots_are_known_before_linking_and_none_lies_in_another() {
    let own = files(&["read /var/log", "read /var", "read /srv/a", "read /srv/a", "read /tmp/x"], &["read /tmp"]);
    assert_eq!(roots(&own), ["/srv/a", "/var"]);
    assert!(own.grants_read() && !own.is_empty());
    for root in own.read_roots() {
        assert!(own.decide(&Ask::Read { path: &root }).is_ok());
    }
    assert_eq!(roots(&files(&["read /tmp/x"], &["read /"])), [""; 0]);
    assert_eq!(roots(&files(&["read /"], &["read /etc"])), ["/"]);
}

#[test]
fn refusals_name_the_path_and_the_line() {
    let denial = read(&files(&[], &[]), "/var/log/syslog").unwrap_err();
    assert_eq!(
        denial.for_model(),
        "denied: this plugin may not read `/var/log/syslog`: the operator's policy decides that"
    );
    assert_eq!(suggested(&denial), ["read /var/log/syslog"]);
    let odd =
        files(&[], &[]).decide(&Ask::Read { path: &crate::AbsolutePath::parse(b"/a\x1b[2J").unwrap() }).unwrap_err();
    assert_eq!(odd.resource().to_string(), r"file:/a\x1b[2J");
}
