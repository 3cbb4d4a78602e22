//! Names and filters of topics (MQTT 5 §4.7).

use handler_kit::Failure;

/// A topic that something is published to: without wildcards.
pub(crate) fn name(member: &str, topic: &str) -> Result<(), Failure> {
    fits(member, topic)?;
    if topic.contains(['#', '+']) {
        return Err(Failure::of(member, "`#` and `+` are for subscriptions: one publishes to one topic"));
    }
    Ok(())
}

/// A filter that is subscribed to.
pub(crate) fn filter(member: &str, filter: &str) -> Result<(), Failure> {
    fits(member, filter)?;
    let levels = filter.split('/').count();
    for (at, level) in filter.split('/').enumerate() {
        let alone = level.len() == 1;
        if (level.contains('+') && !alone) || (level.contains('#') && !(alone && at + 1 == levels)) {
            return Err(Failure::of(member, "`+` is a whole level, and `#` is the whole last one: `a/+/c`, `a/#`"));
        }
    }
    Ok(())
}

fn fits(member: &str, text: &str) -> Result<(), Failure> {
    if text.is_empty() || text.len() > usize::from(u16::MAX) || text.contains('\0') {
        return Err(Failure::of(member, "it has from 1 to 65535 bytes and no NUL"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_where_they_may() {
        for good in ["a", "a/b", "/", "+", "#", "a/#", "+/b/+", "$SYS/#", "a//b"] {
            assert!(filter("f", good).is_ok(), "{good}");
        }
        for bad in ["", "a#", "#/a", "a+/b", "a/b#", "a\0"] {
            assert!(filter("f", bad).is_err(), "{bad}");
        }
        assert!(name("t", "a/b").is_ok() && name("t", "a/+").is_err() && name("t", "#").is_err());
    }
}
