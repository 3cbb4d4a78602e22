//! The resource limits of one plugin instance: defaults and bounds.
//!
//! Nothing is counted or enforced here; that is the runtime's part.

use std::time::Duration;

/// What one instance of a plugin may use. There is no "unlimited": every limit has an upper bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of the instance, in bytes.
    pub memory: u64,
    /// Connections open at the same time.
    pub connections: u32,
    /// File descriptors open at the same time on behalf of all instances of the plugin: sockets, files, directories, lookups.
    pub descriptors: u32,
    /// Calls that wait or run at the same time; one more is refused as overloaded.
    pub mailbox: u32,
    /// Wall time of one call.
    pub call: Duration,
    /// Bytes of one answer.
    pub output: u64,
    /// CPU time between two waits of the guest.
    pub cpu: Duration,
    /// Log lines per second; more are counted and dropped.
    pub log_lines: u32,
    /// Calls per minute; as many may come at once, and then they come back evenly.
    pub calls_per_minute: u32,
    /// Calls that run at the same time; one more is refused as overloaded.
    pub concurrent_calls: u32,
    /// Wall time of a compilation; nobody waits for it longer.
    pub compile: Duration,
    /// Lookups of names under way at the same time, of all instances of the plugin: the host's own, and questions of guests.
    pub lookups: u32,
    /// Lookups of names per minute for which a name server is asked; as many may come at once, and then they come back evenly.
    pub lookups_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: Self::MEMORY.default,
            connections: Self::CONNECTIONS.default,
            descriptors: Self::DESCRIPTORS.default,
            mailbox: Self::MAILBOX.default,
            call: Self::CALL.default,
            output: Self::OUTPUT.default,
            cpu: Self::CPU.default,
            log_lines: Self::LOG_LINES.default,
            calls_per_minute: Self::CALLS_PER_MINUTE.default,
            concurrent_calls: Self::CONCURRENT_CALLS.default,
            compile: Self::COMPILE.default,
            lookups: Self::LOOKUPS.default,
            lookups_per_minute: Self::LOOKUPS_PER_MINUTE.default,
        }
    }
}

/// The default of a limit, and the least and the most that a policy may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    /// The least allowed value.
    pub least: T,
    /// The value without a policy.
    pub default: T,
    /// The most allowed value.
    pub most: T,
}

const MIB: u64 = 1 << 20;

impl Limits {
    /// Bytes; below 2 MiB not every shipped plugin starts, a 32-bit memory ends at 4 GiB.
    pub const MEMORY: Bounds<u64> = Bounds { least: 2 * MIB, default: 256 * MIB, most: 4096 * MIB };
    /// Connections; one per port of an address at most.
    pub const CONNECTIONS: Bounds<u32> = Bounds { least: 1, default: 2048, most: 65_535 };
    /// Descriptors; a lookup needs a few.
    pub const DESCRIPTORS: Bounds<u32> = Bounds { least: 8, default: 4096, most: 1 << 20 };
    /// How many more descriptors than connections there are at least where a policy speaks of the latter only.
    pub const BESIDE_CONNECTIONS: u32 = 1024;
    /// Calls.
    pub const MAILBOX: Bounds<u32> = Bounds { least: 1, default: 1024, most: 65_536 };
    /// Wall time of a call: 100 ms to 1 h.
    pub const CALL: Bounds<Duration> =
        Bounds { least: Duration::from_millis(100), default: Duration::from_secs(50), most: Duration::from_secs(3600) };
    /// Bytes of an answer: 1 KiB to 64 MiB.
    pub const OUTPUT: Bounds<u64> = Bounds { least: 1024, default: 4 * MIB, most: 64 * MIB };
    /// CPU between two waits: 10 ms (five ticks of the epoch clock) to 10 min.
    pub const CPU: Bounds<Duration> =
        Bounds { least: Duration::from_millis(10), default: Duration::from_secs(10), most: Duration::from_secs(600) };
    /// Log lines per second.
    pub const LOG_LINES: Bounds<u32> = Bounds { least: 1, default: 50, most: 10_000 };
    /// Calls per minute: the default is a thousand a second, more than any client sends and less than a loop can.
    pub const CALLS_PER_MINUTE: Bounds<u32> = Bounds { least: 1, default: 60_000, most: 10_000_000 };
    /// Calls that run.
    pub const CONCURRENT_CALLS: Bounds<u32> = Bounds { least: 1, default: 1024, most: 65_536 };
    /// Wall time of a compilation: 100 ms to 1 h. A Python component takes some 20 s of CPU.
    pub const COMPILE: Bounds<Duration> = Bounds {
        least: Duration::from_millis(100),
        default: Duration::from_secs(120),
        most: Duration::from_secs(3600),
    };
    /// Lookups under way: each has two sockets, and six where three servers are silent; a guest's own question has one. The default lets
    /// a client ask a hundred questions at once.
    pub const LOOKUPS: Bounds<u32> = Bounds { least: 1, default: 256, most: 4096 };
    /// Lookups per minute: the default is fifty a second.
    pub const LOOKUPS_PER_MINUTE: Bounds<u32> = Bounds { least: 1, default: 3000, most: 1_000_000 };
}
