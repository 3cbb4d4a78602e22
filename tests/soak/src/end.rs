//! The end: what is left open is closed, then the server; what has to hold is
//! compared, and told as a table.

use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::arguments::Arguments;
use crate::audit::Heard;
use crate::faults::descriptors;
use crate::gauges::{Gauges, mebibytes};
use crate::session::Reply;
use crate::talks::Soak;

/// How long the server may take for what is left.
const PATIENCE: Duration = Duration::from_secs(20);

/// The end of a memory plateau's first minute, and how long its mean is taken over.
const MINUTE: Duration = Duration::from_secs(60);
const WINDOW: Duration = Duration::from_secs(20);

/// What memory may have grown by.
const GROWTH: f64 = 1.10;

/// What was found at the end.
pub struct Ended {
    pub descriptors: usize,
    pub resident: u64,
    pub verified: bool,
    pub says: String,
}

pub struct Run<'a> {
    pub arguments: &'a Arguments,
    pub soak: &'a Arc<Soak>,
    pub gauges: &'a Gauges,
    pub heard: &'a Heard,
    pub ended: Ended,
    pub lasted: Duration,
    pub before: usize,
}

/// The number of descriptors once it is at most that many, or does not change any more.
pub fn settled(pid: u32, most: usize, patience: Duration) -> usize {
    let begun = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(100));
        let open = descriptors(pid);
        let waited = begun.elapsed() >= patience;
        if waited || (open <= most && most != usize::MAX) {
            return open;
        }
    }
}

/// Closes what is open, then the server, and checks its audit.
pub fn end(soak: &Soak, server: &mut Child, before: usize) -> Ended {
    let session = &soak.session;
    if let Reply::Done { structured, .. } = session.call("tcp_list_connections", json!({})).wait(session) {
        for one in structured["connections"].as_array().into_iter().flatten() {
            let _ = session.call("tcp_disconnect", json!({ "connection_id": one["connection_id"] })).wait(session);
        }
    }
    let pid = server.id();
    let descriptors = settled(pid, before, PATIENCE);
    let resident = Gauges::new(pid).sample();
    session.close();
    let begun = Instant::now();
    let status = loop {
        match server.try_wait() {
            Ok(Some(status)) => break Some(status),
            _ if begun.elapsed() > PATIENCE => break None,
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    if !status.is_some_and(|status| status.success()) {
        soak.tally.breach("the server does not end in order", || format!("{status:?}"));
        let _ = server.kill();
    }
    let verified = soak.place.cofferdam().args(["audit", "verify"]).arg(soak.place.log()).output();
    let (verified, says) = match verified {
        Ok(output) => (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => (false, error.to_string()),
    };
    Ended { descriptors, resident, verified, says }
}

/// Prints the table; whether all holds.
pub fn table(run: &Run<'_>) -> bool {
    let Run { arguments, soak, gauges, heard, ended, lasted, before } = run;
    let tally = &soak.tally;
    let calls = tally.calls();
    let refused = soak.refused.lock().unwrap();
    let unheard: Vec<&String> = refused.iter().filter(|resource| !heard.denied.contains(*resource)).collect();
    for resource in unheard.iter().take(3) {
        tally.breach("a refusal is not in the audit", || (*resource).clone());
    }
    for lost in &heard.lost {
        tally.breach("an instance of a shipped plugin is lost", || lost.clone());
    }
    // Where the run is shorter, its middle stands for the first minute.
    let first = MINUTE.min(*lasted / 2);
    let plateau = gauges.mean(first.saturating_sub(WINDOW), first);
    let last = gauges.mean(lasted.saturating_sub(WINDOW), *lasted);
    let growth = last as f64 / plateau.max(1) as f64;
    let (lost, crossed) = tally.lost_and_crossed();
    let minutes: Vec<String> = gauges.by_minute().into_iter().map(mebibytes).collect();
    let faults = format!(
        "{} × disk full, {} × few descriptors, {} instances of the hostile guest",
        soak.faults.full.load(std::sync::atomic::Ordering::Relaxed),
        soak.faults.few.load(std::sync::atomic::Ordering::Relaxed),
        heard.hostile_lost
    );
    let rate = calls as f64 / lasted.as_secs_f64();

    println!("\n| what | found | has to be | |\n|---|---|---|---|");
    let mut all = true;
    let mut row = |what: &str, found: String, due: &str, holds: bool| {
        all &= holds;
        println!("| {what} | {found} | {due} | {} |", if holds { "" } else { "**breach**" });
    };
    row("seed and length", format!("{}, {:.0} s", arguments.seed, lasted.as_secs_f64()), "", true);
    row("calls", format!("{calls} ({rate:.0}/s)"), "", calls > 0);
    row("faults", faults, "", true);
    row("answers lost", lost.to_string(), "0", lost == 0);
    row("answers crossed", crossed.to_string(), "0", crossed == 0);
    row("descriptors", ended.descriptors.to_string(), &format!("≤ {before}"), ended.descriptors <= *before);
    let memory =
        format!("{} → {} (× {growth:.3}), {} at rest", mebibytes(plateau), mebibytes(last), mebibytes(ended.resident));
    row("memory, first minute → end", memory, &format!("≤ × {GROWTH}"), growth <= GROWTH);
    let open = format!("{} begun, {} without an end", heard.begun, heard.open.len());
    row("calls in the audit", open, "0 without an end", heard.open.is_empty());
    let says = ended.says.lines().next().unwrap_or_default();
    row("lines of the audit that are no JSON", heard.unreadable.to_string(), "0", heard.unreadable == 0);
    row("audit verified", says.to_owned(), "ok", ended.verified);
    let found = format!("{} of {}", refused.len() - unheard.len(), refused.len());
    row("refusals in the audit", found, "all", unheard.is_empty() && !refused.is_empty());
    row("instances of shipped plugins lost", heard.lost.len().to_string(), "0", heard.lost.is_empty());
    let other: u64 = tally.breaches().values().sum();
    row("breaches in all", other.to_string(), "0", other == 0);

    println!("\nmemory by the minute: {}", minutes.join(", "));
    for (tool, counted) in tally.tools() {
        println!("  {:<22} {:>8} calls, the longest {:>6} ms", tool, counted.calls, counted.longest.as_millis());
    }
    for (code, count) in tally.failures() {
        println!("  failure `{code}`: {count}");
    }
    for (kind, count) in tally.breaches() {
        println!("  BREACH {kind}: {count}");
    }
    all
}
