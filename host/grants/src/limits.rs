//! The resource limits of one plugin: one table of their names, meanings, bounds and defaults.
//!
//! Nothing is counted or enforced here: that is the runtime's part.

use std::time::Duration;

/// What the amount of a limit is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Number,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Milliseconds,
}

/// One row of the table: a limit of a plugin. Amounts of every row are integers, in the row's unit.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The key in a policy, as `log_lines`.
    pub name: &'static str,
    /// What the amount is counted in.
    pub unit: Unit,
    /// The least amount that a policy may set.
    pub least: u64,
    /// The amount without a policy.
    pub default: u64,
    /// The most that a policy may set. There is no "unlimited".
    pub most: u64,
    /// What is limited, in one line.
    pub summary: &'static str,
    /// What the amount is of, for a table: it follows the amount.
    pub of: &'static str,
    get: fn(&Limits) -> u64,
    set: fn(&mut Limits, u64),
}

impl Limit {
    /// The row of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        LIMITS.iter().find(|limit| limit.name == name)
    }

    /// The amount in these limits.
    pub fn amount(&self, limits: &Limits) -> u64 {
        (self.get)(limits)
    }

    /// Sets the amount. Bounds are the caller's part.
    pub fn set(&self, limits: &mut Limits, amount: u64) {
        (self.set)(limits, amount);
    }
}

/// A type that limits have.
trait Amount {
    fn to_amount(self) -> u64;
    fn of_amount(amount: u64) -> Self;
}

impl Amount for u32 {
    fn to_amount(self) -> u64 {
        self.into()
    }

    fn of_amount(amount: u64) -> Self {
        Self::try_from(amount).unwrap_or(Self::MAX)
    }
}

impl Amount for u64 {
    fn to_amount(self) -> u64 {
        self
    }

    fn of_amount(amount: u64) -> Self {
        amount
    }
}

impl Amount for Duration {
    fn to_amount(self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }

    fn of_amount(amount: u64) -> Self {
        Self::from_millis(amount)
    }
}

/// `/// documentation`, then `name: type, unit, least, default, most, summary, of;`.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty, $unit:ident, $least:expr, $default:expr, $most:expr, $summary:literal, $of:literal;)+) => {
        /// What one plugin may use. There is no "unlimited": every limit has an upper bound.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        /// All limits, in the order in which they are shown.
        pub const LIMITS: &[Limit] = &[$(Limit {
            name: stringify!($name),
            unit: Unit::$unit,
            least: $least,
            default: $default,
            most: $most,
            summary: $summary,
            of: $of,
            get: |limits| limits.$name.to_amount(),
            set: |limits, amount| limits.$name = <$type>::of_amount(amount),
        }),+];

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: <$type>::of_amount($default),)+ }
            }
        }
    };
}

const MIB: u64 = 1 << 20;
const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;

limits! {
    /// Linear memory of the instance, in bytes. Below 2 MiB not every shipped plugin starts; a
    /// 32-bit memory ends at 4 GiB.
    memory: u64, Bytes, 2 * MIB, 256 * MIB, 4096 * MIB, "memory of an instance, as \"256 MiB\"", "of one instance";
    /// Connections open at the same time; one per port of an address at most.
    connections: u32, Number, 1, 2048, 65_535, "connections open at the same time", "open at the same time";
    /// File descriptors open at the same time on behalf of all instances of the plugin: sockets,
    /// files, directories, lookups. A lookup needs a few.
    descriptors: u32, Number, 8, 4096, 1 << 20, "file descriptors open at the same time, of a plugin", "of all instances";
    /// Calls that wait or run at the same time; one more is refused as overloaded.
    mailbox: u32, Number, 1, 1024, 65_536, "calls that wait or run at the same time", "calls that wait or run";
    /// Wall time of one call.
    call: Duration, Milliseconds, 100, 50 * SECOND, HOUR, "wall time of a call, as \"50 s\"", "of one call";
    /// CPU time between two waits of the guest; the least is five ticks of the epoch clock.
    cpu: Duration, Milliseconds, 10, 10 * SECOND, 600 * SECOND, "CPU time between two waits, as \"10 s\"", "without a pause";
    /// Bytes of one answer.
    output: u64, Bytes, 1024, 4 * MIB, 64 * MIB, "size of one answer, as \"4 MiB\"", "of one answer";
    /// Log lines per second; more are counted and dropped.
    log_lines: u32, Number, 1, 50, 10_000, "log lines per second", "a second";
    /// Calls per minute; as many may come at once, and then they come back evenly. The default is a
    /// thousand a second, more than any client sends and less than a loop can.
    calls_per_minute: u32, Number, 1, 60_000, 10_000_000, "calls per minute", "evenly";
    /// Calls that run at the same time; one more is refused as overloaded.
    concurrent_calls: u32, Number, 1, 1024, 65_536, "calls that run at the same time", "calls that run";
    /// Wall time of a compilation; nobody waits for it longer. A Python component takes some 20 s
    /// of CPU.
    compile: Duration, Milliseconds, 100, 120 * SECOND, HOUR, "wall time of compiling a component, as \"2 min\"", "of a compilation";
    /// Lookups of names under way at the same time, of all instances of the plugin: the host's own,
    /// and questions of guests. Each has two sockets, and six where three servers are silent; a
    /// guest's own question has one. The default lets a client ask a hundred questions at once.
    lookups: u32, Number, 1, 256, 4096, "lookups of names under way at the same time", "of names, under way";
    /// Lookups of names per minute for which a name server is asked; as many may come at once, and
    /// then they come back evenly. The default is fifty a second.
    lookups_per_minute: u32, Number, 1, 3000, 1_000_000, "lookups of names per minute", "evenly";
}

impl Limits {
    /// How many more descriptors than connections there are at least where a policy sets the latter
    /// only.
    pub const BESIDE_CONNECTIONS: u32 = 1024;

    /// The limits that hold for protocol handlers: memory and processor time of one session, what
    /// one step of it may bring, how many connections have one, and what a component may.
    pub const FOR_HANDLERS: &[&str] = &["memory", "cpu", "output", "connections", "compile", "log_lines"];

    /// What a session of a protocol handler may use, where nothing else is said. Its processor time
    /// is that of one step.
    pub fn of_handlers() -> Self {
        Self {
            memory: 64 * MIB,
            cpu: Duration::from_millis(250),
            output: 16 * MIB,
            connections: 16_384,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_handlers_are_rows_within_their_bounds() {
        for name in Limits::FOR_HANDLERS {
            let limit = Limit::named(name).unwrap();
            assert!((limit.least..=limit.most).contains(&limit.amount(&Limits::of_handlers())), "{name}");
        }
    }

    #[test]
    fn every_row_is_a_field_with_its_default_within_its_bounds() {
        for limit in LIMITS {
            assert!(limit.least <= limit.default && limit.default <= limit.most, "{}", limit.name);
            assert!(Limit::named(limit.name).is_some_and(|found| found.name == limit.name));
            let mut limits = Limits::default();
            assert_eq!(limit.amount(&limits), limit.default, "{}", limit.name);
            limit.set(&mut limits, limit.most);
            assert_eq!(limit.amount(&limits), limit.most, "{}", limit.name);
            let others = LIMITS.iter().filter(|other| other.name != limit.name);
            assert!(others.into_iter().all(|other| other.amount(&limits) == other.default), "{}", limit.name);
        }
    }
}
