//! `ping_tool` and `traceroute_tool`. This file lists the tools and puts their parts together:
//! what is due when, and what it means, is `ping-logic`; which target may be asked, and what is
//! sent to it, is the host's.

mod answers;
mod arguments;
mod run;
mod target;

use std::rc::Rc;
use std::time::Duration;

use cofferdam_sdk::{Answer, Cx, Failure, now};
use ping_logic::{Pings, Plan, Trace, TracePlan, heading, hop_line, summary, trace_heading};

use answers::{Pinged, Traced};
use arguments::{milliseconds, within};
use run::{Pinging, Tracing, deadline};

/// How long a call takes at most where its arguments do not say otherwise: clients give one up
/// after 5 s. Four requests, or the thirty hops of a trace, and their answers take 4 s; a slow
/// lookup of the target's name takes of that time.
const USUAL: Duration = Duration::from_millis(4400);

/// The plugin: it keeps nothing from call to call.
#[derive(Default)]
pub struct Ping;

#[cofferdam_sdk::plugin]
impl Ping {
    /// Ping a host (ICMP echo): is it up, how fast does it answer, how much is lost.
    ///
    /// No answer at all is a result (100% packet loss), not a failure. By default a call
    /// ends after about 4 seconds.
    ///
    /// # Details
    /// Only targets that the operator's policy allows can be asked; a refusal (reason `denied`) is
    /// final. Without `family`, the IP version is whichever the name has first.
    #[tool(title = "Ping", read_only)]
    async fn ping_tool(self: Rc<Self>, cx: Cx, a: arguments::Ping) -> Result<Answer<Pinged>, Failure> {
        let (deadline, over) = end(cx, a.has_times());
        let count = within("count", a.count, 4, 1..=1000)?;
        let interval = milliseconds("interval_ms", a.interval_ms, 1000, 10)?;
        let size: u32 = within("size", a.size, 56, 0..=65_507)?;
        let hop_limit = within("ttl", a.ttl, 64, 1..=255)?;
        let timeout = milliseconds("timeout_ms", a.timeout_ms, 1000, 1)?;
        let what = ("ping_failed", "Failed to ping");
        let to = target::open(what, &a.target, a.family, a.dont_fragment.unwrap_or(false), deadline).await?;
        let plan = Plan { target: a.target, address: to.address, count, interval, size, hop_limit, timeout, deadline };
        let head = heading(&plan);
        let mut pinging = Pinging::new(cx, Pings::new(plan, now()));
        let stopped = pinging.run(&to.socket, size as usize).await;
        let (structured, tail) = (Pinged::new(&pinging.pings, stopped.clone()), summary(&pinging.pings));
        let early = early(pinging.pings.is_partial(), stopped, over);
        let lines = pinging.into_lines();
        let parts = std::iter::once(head).chain(lines).chain(early).chain([String::new(), tail]);
        Ok(Answer::new(parts.collect::<Vec<_>>().join("\n"), structured))
    }

    /// Trace the route to a host: the routers (hops) on the way, with the
    /// time to each, by ICMP echo.
    ///
    /// `*` is a request that nobody answered. By default a call ends after about 4 seconds, with
    /// the hops known by then.
    ///
    /// # Details
    /// Only targets that the operator's policy allows can be traced; a refusal (reason `denied`) is
    /// final. Without `family`, the IP version is whichever the name has first.
    #[tool(title = "Trace route", read_only)]
    async fn traceroute_tool(self: Rc<Self>, cx: Cx, a: arguments::Traceroute) -> Result<Answer<Traced>, Failure> {
        let (deadline, over) = end(cx, a.has_times());
        let max_hops = within("max_hops", a.max_hops, 30, 1..=255)?;
        let probes = within("probes", a.probes, 3, 1..=10)?;
        let timeout = milliseconds("timeout_ms", a.timeout_ms, 1300, 1)?;
        let size: u32 = within("size", a.size, 32, 0..=65_507)?;
        let what = ("traceroute_failed", "Failed to trace the route to");
        let to = target::open(what, &a.target, a.family, false, deadline).await?;
        let plan = TracePlan { target: a.target, address: to.address, max_hops, probes, size, timeout, deadline };
        let head = trace_heading(&plan);
        let mut tracing = Tracing::new(cx, Trace::new(plan));
        let stopped = tracing.run(&to.socket, size as usize).await;
        let structured = Traced::new(&tracing.trace, stopped.clone());
        let lines = tracing.trace.hops();
        let early = early(tracing.trace.is_partial(), stopped, over);
        let parts = std::iter::once(head).chain(lines.iter().map(hop_line)).chain(early);
        Ok(Answer::new(parts.collect::<Vec<_>>().join("\n"), structured))
    }
}

/// When the work of a call has to be over, and what is said if it is not done by then.
fn end(cx: Cx, has_times: bool) -> (Duration, &'static str) {
    let (last, usual) = (deadline(cx), now() + USUAL);
    if has_times || last <= usual {
        return (last, "the time for a call is over");
    }
    (usual, "a call takes about 4 s where its arguments do not say how long it may wait")
}

/// The line that says why a run ended early.
fn early(partial: bool, stopped: Option<String>, over: &str) -> Option<String> {
    let why = stopped.or_else(|| partial.then(|| over.to_owned()))?;
    Some(format!("(ended early: {why})"))
}
